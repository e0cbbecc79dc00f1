// App Service: the forecast service with a slot `staging`, which deploy.sh tests before it is swapped in.
param name string
param location string
param plan string
param image string
param identityId string
param identityClientId string
param vaultUri string
param databaseHost string
param storageAccount string
param connectionString string

var settings = [
  { name: 'WEBSITES_PORT', value: '3000' }
  { name: 'SN7_DSN', value: 'host=${databaseHost} dbname=sn7 sslmode=require user=service' }
  { name: 'PGPASSWORD', value: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/service-password)' }
  { name: 'SN7_SERVICE_API_KEY', value: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/api-key)' }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: connectionString }
]
var configuration = {
  linuxFxVersion: 'DOCKER|${image}'
  acrUseManagedIdentityCreds: true
  acrUserManagedIdentityID: identityClientId
  alwaysOn: true
  ftpsState: 'Disabled'
  minTlsVersion: '1.2'
  healthCheckPath: '/livez'
  appCommandLine: 'python -m sn7 serve --host 0.0.0.0 --port 3000'
  appSettings: settings
  azureStorageAccounts: {
    home: {
      type: 'AzureFiles'
      accountName: account.name
      shareName: 'home'
      mountPath: '/var/lib/sn7'
      accessKey: account.listKeys().keys[0].value
    }
  }
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccount
}

resource farm 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: '${name}-plan'
  location: location
  kind: 'linux'
  sku: { name: plan }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2023-12-01' = {
  name: name
  location: location
  kind: 'app,linux,container'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: farm.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    siteConfig: configuration
  }
}

resource staging 'Microsoft.Web/sites/slots@2023-12-01' = {
  parent: site
  name: 'staging'
  location: location
  kind: 'app,linux,container'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: farm.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    siteConfig: configuration
  }
}

output name string = site.name
output host string = site.properties.defaultHostName
output stagingHost string = staging.properties.defaultHostName
