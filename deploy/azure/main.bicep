// The whole deployment in one resource group; docs/azure.md goes from an empty subscription to a running service.
//   az deployment group create --resource-group sn7-dev --parameters deploy/azure/dev.bicepparam
targetScope = 'resourceGroup'

@description('Short name of the environment, part of every name: dev, prod.')
@allowed(['dev', 'prod'])
param environment string

@description('Where everything lies.')
param location string = resourceGroup().location

@description('Image of Dagster and the main job, in the registry of this deployment: sn7-warehouse:TAG.')
param image string

@description('Compute of the database, such as Standard_B2s or Standard_D4ds_v5.')
param databaseSku string

@description('Tier of the database, which belongs to its compute: Burstable, GeneralPurpose.')
@allowed(['Burstable', 'GeneralPurpose', 'MemoryOptimized'])
param databaseTier string

@description('Disk of the database, GiB.')
param databaseStorage int

@description('A second server in another zone that takes over.')
param highlyAvailable bool

@description('Plan of the service; a staging slot needs S1 or a P plan.')
param servicePlan string

@description('Password of the database owner: from the pipeline, never from a file.')
@secure()
param ownerPassword string

@description('Password with which Dagster and the main job log in as `pipeline`.')
@secure()
param pipelinePassword string

@description('Password with which the service logs in as `service`.')
@secure()
param servicePassword string

@description('What clients of the service send as X-API-Key.')
@secure()
param apiKey string

var name = 'sn7-${environment}'
var unique = uniqueString(resourceGroup().id)

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: { name: name, location: location }
}

module watch 'modules/watch.bicep' = {
  name: 'watch'
  params: { name: name, location: location }
}

module registry 'modules/registry.bicep' = {
  name: 'registry'
  params: { name: 'sn7${environment}${unique}', location: location, pullerId: identity.outputs.principalId }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: { name: take('sn7${environment}${unique}', 24), location: location, writerId: identity.outputs.principalId }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: take('${name}-${unique}', 24)
    location: location
    readerId: identity.outputs.principalId
    ownerPassword: ownerPassword
    pipelinePassword: pipelinePassword
    servicePassword: servicePassword
    apiKey: apiKey
  }
}

module database 'modules/database.bicep' = {
  name: 'database'
  params: {
    name: '${name}-${unique}'
    location: location
    sku: databaseSku
    tier: databaseTier
    storage: databaseStorage
    highlyAvailable: highlyAvailable
    password: ownerPassword
  }
}

module jobs 'modules/jobs.bicep' = {
  name: 'jobs'
  params: {
    name: name
    location: location
    image: '${registry.outputs.server}/${image}'
    registry: registry.outputs.server
    identityId: identity.outputs.id
    vaultUri: vault.outputs.uri
    databaseHost: database.outputs.host
    storageAccount: storage.outputs.name
    workspaceName: watch.outputs.workspaceName
  }
}

module service 'modules/service.bicep' = {
  name: 'service'
  params: {
    name: '${name}-${unique}'
    location: location
    plan: servicePlan
    image: '${registry.outputs.server}/${image}'
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    vaultUri: vault.outputs.uri
    databaseHost: database.outputs.host
    storageAccount: storage.outputs.name
    connectionString: watch.outputs.connectionString
  }
}

output serviceName string = service.outputs.name
output serviceHost string = service.outputs.host
output registryServer string = registry.outputs.server
output databaseHost string = database.outputs.host
