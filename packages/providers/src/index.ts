/**
 * Where secrets come from: one file a source, each an implementation of core's `SecretProvider`. Use one by itself where
 * no cache, fallback or retry is wanted; `@keyplane/secrets` puts those around it. None keeps a value longer than a call.
 */
export { type AgentProviderOptions, agentProvider } from './agent.ts'
export type { AgentToken } from './agent-token.ts'
export { type AwsNamesQuery, type AwsProviderOptions, awsProvider, type AwsSecretProvider } from './aws.ts'
export type { AwsCallReport } from './aws-call-report.ts'
export { type AwsIdentityOptions, awsIdentity } from './aws-identity.ts'
export type {
  AzureCallOptions,
  AzureCredential,
  AzureSecret,
  AzureSecretProperties,
  AzureSecretsClient,
} from './azure-client.ts'
export { type AzureProviderOptions, azureProvider } from './azure.ts'
export { type ParsedDotenv, parseDotenv } from './dotenv.ts'
export { type EnvProviderOptions, envProvider } from './env.ts'
export type { MalformedLine } from './env-file.ts'
export { type FileProviderOptions, fileProvider } from './file.ts'
export { type GcpProviderOptions, gcpProvider } from './gcp.ts'
export type {
  GcpAccessAnswer,
  GcpCallOptions,
  GcpInteger,
  GcpSecret,
  GcpSecretsClient,
  GcpSecretVersion,
  GcpTimestamp,
} from './gcp-client.ts'
export { type GithubActionsProviderOptions, githubActionsProvider } from './github-actions.ts'
export { type MemoryProviderOptions, memoryProvider } from './memory.ts'
export { type OpenBaoProviderOptions, openbaoProvider } from './openbao.ts'
export { openBaoOptions } from './openbao-settings.ts'
export { type ProviderSettings, setting } from './provider-settings.ts'
export { openProvider, type ProviderName, providerNames } from './registry.gen.ts'
export { type ServiceProviderOptions, serviceProvider } from './service.ts'
export { type ServiceTls, serviceTls } from './service-tls.ts'
export { type SsmProviderOptions, ssmProvider } from './ssm.ts'
