// PostgreSQL with PostGIS allowed. The way out of one machine is an Elastic Cluster of the same service: docs/scale-out.md.
param name string
param location string
param sku string
param tier string
param storage int
param highlyAvailable bool
@secure()
param password string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: name
  location: location
  sku: { name: sku, tier: tier }
  properties: {
    version: '16'
    administratorLogin: 'sn7'
    administratorLoginPassword: password
    storage: { storageSizeGB: storage, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: 14, geoRedundantBackup: 'Disabled' }
    highAvailability: { mode: highlyAvailable ? 'ZoneRedundant' : 'Disabled' }
  }
}

resource extensions 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2024-08-01' = {
  parent: server
  name: 'azure.extensions'
  properties: { value: 'POSTGIS', source: 'user-override' }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01' = {
  parent: server
  name: 'sn7'
  properties: { charset: 'UTF8', collation: 'en_US.utf8' }
  dependsOn: [extensions]
}

// Azure's own addresses alone: jobs and service have no fixed one. A private network is the stricter way.
resource within 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = {
  parent: server
  name: 'azure'
  properties: { startIpAddress: '0.0.0.0', endIpAddress: '0.0.0.0' }
  dependsOn: [database]
}

output host string = server.properties.fullyQualifiedDomainName
