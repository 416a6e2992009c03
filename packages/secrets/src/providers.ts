/**
 * The shipped providers, for programs that make one themselves; each is `xProvider(options)`. Apart from the library's
 * entry, which loads a provider only when it is used.
 */
export {
  type AgentProviderOptions,
  agentProvider,
  type AgentToken,
  type AwsIdentityOptions,
  awsIdentity,
  type AwsProviderOptions,
  awsProvider,
  type EnvProviderOptions,
  envProvider,
  type FileProviderOptions,
  fileProvider,
  type MemoryProviderOptions,
  memoryProvider,
} from '@keyplane/providers'
