using 'main.bicep'

param environment = 'dev'
param image = readEnvironmentVariable('SN7_IMAGE', 'sn7-warehouse:main')
param databaseSku = 'Standard_B2s'
param databaseTier = 'Burstable'
param databaseStorage = 32
param highlyAvailable = false
param servicePlan = 'S1'
param ownerPassword = readEnvironmentVariable('SN7_PASSWORD')
param pipelinePassword = readEnvironmentVariable('SN7_PIPELINE_PASSWORD')
param servicePassword = readEnvironmentVariable('SN7_SERVICE_PASSWORD')
param apiKey = readEnvironmentVariable('SN7_SERVICE_API_KEY')
