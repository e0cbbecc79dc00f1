// Container Apps: Dagster (web and daemon) that stay, and jobs that end: prepare, main, retrain, rollback.
param name string
param location string
param image string
param registry string
param identityId string
param vaultUri string
param databaseHost string
param storageAccount string
param workspaceName string

var commands = {
  prepare: ['python', '-m', 'sn7', 'logins']
  main: ['python', '-m', 'sn7', 'run']
  retrain: ['sh', '-ec', 'python -m sn7 train && python -m sn7 forecast && python -m sn7 package']
  rollback: ['sh', '-ec', 'python -m sn7 rollback && python -m sn7 package']
}
var owner = 'host=${databaseHost} dbname=sn7 sslmode=require user=sn7'
var pipeline = 'host=${databaseHost} dbname=sn7 sslmode=require user=pipeline'
var secrets = [
  { name: 'owner', keyVaultUrl: '${vaultUri}secrets/owner-password', identity: identityId }
  { name: 'pipeline', keyVaultUrl: '${vaultUri}secrets/pipeline-password', identity: identityId }
  { name: 'service', keyVaultUrl: '${vaultUri}secrets/service-password', identity: identityId }
]
var asOwner = [
  { name: 'SN7_DSN', value: owner }
  { name: 'PGPASSWORD', secretRef: 'owner' }
  { name: 'SN7_PIPELINE_PASSWORD', secretRef: 'pipeline' }
  { name: 'SN7_SERVICE_PASSWORD', secretRef: 'service' }
]
var asPipeline = [
  { name: 'SN7_DSN', value: pipeline }
  { name: 'PGPASSWORD', secretRef: 'pipeline' }
]
var mounts = [{ volumeName: 'home', mountPath: '/var/lib/sn7' }]
var volumes = [{ name: 'home', storageName: 'home', storageType: 'AzureFile' }]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccount
}

resource apps 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${name}-apps'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: workspace.properties.customerId
        sharedKey: workspace.listKeys().primarySharedKey
      }
    }
  }
}

resource home 'Microsoft.App/managedEnvironments/storages@2024-03-01' = {
  parent: apps
  name: 'home'
  properties: {
    azureFile: {
      accountName: account.name
      accountKey: account.listKeys().keys[0].value
      shareName: 'home'
      accessMode: 'ReadWrite'
    }
  }
}

resource job 'Microsoft.App/jobs@2024-03-01' = [for command in items(commands): {
  name: '${name}-${command.key}'
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    environmentId: apps.id
    configuration: {
      triggerType: 'Manual'
      replicaTimeout: 14400
      replicaRetryLimit: 0
      manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
      registries: [{ server: registry, identity: identityId }]
      secrets: secrets
    }
    template: {
      containers: [
        {
          name: 'job'
          image: image
          command: command.value
          env: command.key == 'prepare' ? asOwner : asPipeline
          resources: { cpu: json('2'), memory: '4Gi' }
          volumeMounts: mounts
        }
      ]
      volumes: volumes
    }
  }
  dependsOn: [home]
}]

resource dagster 'Microsoft.App/containerApps@2024-03-01' = {
  name: '${name}-dagster'
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    environmentId: apps.id
    configuration: {
      // Within the environment alone: Dagster's pages ask nobody who they are.
      ingress: { external: false, targetPort: 3001 }
      registries: [{ server: registry, identity: identityId }]
      secrets: secrets
    }
    template: {
      containers: [
        {
          name: 'web'
          image: image
          command: ['python', '-m', 'sn7', 'dagster', 'dagster-webserver', '--module-name', 'orchestration.definitions', '--host', '0.0.0.0', '--port', '3001']
          env: asPipeline
          resources: { cpu: json('0.5'), memory: '1Gi' }
          volumeMounts: mounts
        }
        {
          name: 'daemon'
          image: image
          command: ['python', '-m', 'sn7', 'dagster', 'dagster-daemon', 'run', '--module-name', 'orchestration.definitions']
          env: asPipeline
          resources: { cpu: json('1.5'), memory: '3Gi' }
          volumeMounts: mounts
        }
      ]
      scale: { minReplicas: 1, maxReplicas: 1 }
      volumes: volumes
    }
  }
  dependsOn: [home]
}
