/** A secret to read before it is asked for. */
export interface PrefetchedSecret {
  readonly secretId: string
  readonly roleArn?: string
}

/** Secrets to read before they are asked for: all that have a tag of this key. */
export interface PrefetchedTag {
  readonly key: string
  readonly roleArn?: string
}

/** What is read ahead of the first request. */
export interface PrefetchConfig {
  /** The part of the cache, 0.1 to 1, that prefetching may fill. */
  readonly cacheRatio: number
  /** It begins at a random moment within this time. */
  readonly maxJitterMs: number
  readonly secrets: readonly PrefetchedSecret[]
  readonly filterTags: readonly PrefetchedTag[]
  /** Beginnings of names. */
  readonly prefixes: readonly string[]
}

/** A client that is known by a token of its own, or by its user at the Unix socket, and what it may read. */
export interface ClientConfig {
  readonly name: string
  /** `file://PATH` or `env://VARIABLE`. */
  readonly token?: string
  /** In place of a token: a user of this machine, by name or number. */
  readonly user?: string
  /** Globs of secrets' names. */
  readonly secrets: readonly string[]
  /** Globs of parameters' names. */
  readonly parameters: readonly string[]
}

/** An address for other machines, by TLS. */
export interface ListenConfig {
  /** An IP address. */
  readonly address: string
  readonly port: number
  /** PEM files. */
  readonly certificate: string
  readonly key: string
  /** Who signs the clients' certificates; without it only clients' tokens count there. */
  readonly clientCa?: string
}

/** Where secrets come from, by the names of the library's providers. */
export type SourceName = 'aws' | 'azure' | 'env' | 'file' | 'gcp' | 'openbao' | 'service' | 'ssm'

/** What the agent is told, with defaults filled in. Frozen. */
export interface AgentConfig {
  /** `false`: there is nothing to start. */
  readonly enabled: boolean
  /** Default: aws. */
  readonly source: SourceName
  readonly httpPort: number
  readonly region?: string
  readonly ttlMs: number
  readonly cacheSize: number
  readonly maxConnections: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'none'
  readonly logToFile: boolean
  /** Lower case. */
  readonly tokenHeaders: readonly string[]
  readonly tokenVariables: readonly string[]
  readonly pathPrefix: string
  readonly ignoreTransientErrors: boolean
  readonly validateCredentials: boolean
  /** An AWS credentials file whose `[default]` profile is followed; takes the place of AWS's chain. */
  readonly credentialsFile?: string
  /** Roles whose clients are kept at most; the least lately used goes first. */
  readonly maxRoles: number
  readonly prefetch: PrefetchConfig
  /** Another endpoint than AWS's own: Keyplane's store, a VPC endpoint. */
  readonly endpoint?: string
  /** Where STS is asked. */
  readonly stsEndpoint?: string
  /** How long past its expiry a value covers failures of AWS that may pass. */
  readonly maxStaleMs: number
  /** Where every read is noted, in files of hash-chained records. */
  readonly auditFolder?: string
  /** Where answers are kept, sealed, for a restart while the source is away. */
  readonly persistFile?: string
  /** Who seals them: 32 bytes in base64. */
  readonly persistKeyFile?: string
  /** Answers the AWS Lambda extension's requests for parameters too. */
  readonly lambdaExtension: boolean
  /** KV mounts of Vault's dialect, without slashes at their ends. */
  readonly vaultMounts: readonly string[]
  /** Where it has a port of its own. */
  readonly vaultPort?: number
  readonly socketPath?: string
  readonly socketMode: number
  /** Who may connect to the socket, by name or number, beside clients known by their users. Absent: the mode decides. */
  readonly socketUsers?: readonly string[]
  readonly clients: readonly ClientConfig[]
  readonly listen: readonly ListenConfig[]
}

/** The configuration as a file's keys set it, prefetching in parts. */
export type ConfigParts = Omit<AgentConfig, 'prefetch'> & {
  readonly prefetchCacheRatio: number
  readonly prefetchMaxJitterMs: number
  readonly prefetchSecrets: readonly PrefetchedSecret[]
  readonly prefetchTags: readonly PrefetchedTag[]
  readonly prefetchPrefixes: readonly string[]
}
