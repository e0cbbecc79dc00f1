using 'main.bicep'

param environment = 'prod'
param image = readEnvironmentVariable('SN7_IMAGE', 'sn7-warehouse:main')
param databaseSku = 'Standard_D4ds_v5'
param databaseTier = 'GeneralPurpose'
param databaseStorage = 128
param highlyAvailable = true
param servicePlan = 'P0v3'
param ownerPassword = readEnvironmentVariable('SN7_PASSWORD')
param pipelinePassword = readEnvironmentVariable('SN7_PIPELINE_PASSWORD')
param servicePassword = readEnvironmentVariable('SN7_SERVICE_PASSWORD')
param apiKey = readEnvironmentVariable('SN7_SERVICE_API_KEY')
