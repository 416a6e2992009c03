import { describe, expect, it } from 'vitest'
import { parseAgentConfig } from './config.ts'

describe('the agent’s configuration', () => {
  it('has the AWS agent’s defaults', () => {
    expect(parseAgentConfig('')).toEqual({
      enabled: true,
      source: 'aws',
      httpPort: 2773,
      ttlMs: 300_000,
      cacheSize: 1_000,
      maxConnections: 800,
      logLevel: 'info',
      logToFile: true,
      tokenHeaders: ['x-aws-parameters-secrets-token', 'x-vault-token'],
      tokenVariables: ['KEYPLANE_AGENT_TOKEN', 'AWS_TOKEN', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'],
      pathPrefix: '/v1/',
      ignoreTransientErrors: true,
      validateCredentials: true,
      maxStaleMs: 86_400_000,
      lambdaExtension: false,
      vaultMounts: [],
      socketMode: 0o600,
      clients: [],
      listen: [],
      maxRoles: 20,
      prefetch: { cacheRatio: 0.8, maxJitterMs: 0, secrets: [], filterTags: [], prefixes: [] },
    })
  })

  it('takes the AWS agent’s file: keys in any case, numbers in quotes, levels in any case', () => {
    const config = parseAgentConfig('HTTP_PORT = "4000"\nttl_seconds = 0\nlog_level = "DEBUG"\nregion = "eu-west-1"')
    expect(config).toMatchObject({ httpPort: 4_000, ttlMs: 0, logLevel: 'debug', region: 'eu-west-1' })
  })

  it.each<[boolean, readonly unknown[]]>([
    [true, ['true', '"TRUE"', '"yes"', '"On"', '"1"', 1, -3, 0.5]],
    [false, ['false', '"False"', '"no"', '"OFF"', '"0"', 0]],
  ])('takes what the AWS agent takes for %s', (meant, spellings) => {
    for (const spelling of spellings) {
      const keys = ['log_to_file', 'validate_credentials', 'ignore_transient_errors']
      const config = parseAgentConfig(keys.map((key) => `${key} = ${String(spelling)}`).join('\n'))
      const read = [config.logToFile, config.validateCredentials, config.ignoreTransientErrors]
      expect([spelling, ...read]).toEqual([spelling, meant, meant, meant])
    }
    for (const other of ['""', '"y"', '"2"', '[]', '["true"]'])
      expect(() => parseAgentConfig(`log_to_file = ${other}`), other).toThrow('log_to_file must be true or false.')
  })

  it('takes a region in any case, none in an empty text, a number with a sign, and any name of a variable', () => {
    expect(parseAgentConfig('region = "US-EAST-1"').region).toBe('us-east-1')
    expect(parseAgentConfig('region = ""')).not.toHaveProperty('region')
    expect(parseAgentConfig('ttl_seconds = "+60"').ttlMs).toBe(60_000)
    expect(parseAgentConfig('ssrf_env_variables = ["my-token"]').tokenVariables).toEqual(['my-token'])
    for (const name of ['', 'a=b'])
      expect(() => parseAgentConfig(`ssrf_env_variables = ["${name}"]`)).toThrow('at least one environment variable')
  })

  it('takes our own options from a table of their own', () => {
    const config = parseAgentConfig('[keyplane]\nendpoint = "http://127.0.0.1:2774"\nmax_stale_seconds = 60')
    expect(config).toMatchObject({ endpoint: 'http://127.0.0.1:2774', maxStaleMs: 60_000 })
  })

  it('names every problem at once, with its line, its bound and the key that was meant', () => {
    const text = [
      'http_port = 80',
      'ttl_second = 5',
      'cache_size = 1001',
      'path_prefix = "v1"',
      'log_to_file = "maybe"',
      'ssrf_headers = []',
      '[keyplane]',
      'endpoint = "here"',
    ].join('\n')
    expect(() => parseAgentConfig(text, 'agent.toml')).toThrow(
      [
        'agent.toml:1: http_port must be a whole number from 1024 to 65535.',
        'agent.toml:2: ttl_second is not an option; did you mean ttl_seconds?',
        'agent.toml:3: cache_size must be a whole number from 0 to 1000.',
        'agent.toml:4: path_prefix must begin with /.',
        'agent.toml:5: log_to_file must be true or false.',
        'agent.toml:6: ssrf_headers must be a list of at least one header name.',
        'agent.toml:8: keyplane.endpoint must be an http:// or https:// address.',
      ].join('\n'),
    )
  })

  // Keys are taken in any case, and of two spellings in one file the last won without a word.
  it.each([
    ['http_port = 4000\nHTTP_PORT = 3000', 'agent.toml:2: http_port is given twice.'],
    ['HTTP_PORT = 3000\nhttp_port = 4000', 'agent.toml:2: http_port is given twice.'],
    ['[keyplane]\nmax_stale_seconds = 1\n[KEYPLANE]\n', 'agent.toml:3: keyplane is given twice.'],
    [
      '[keyplane]\nMax_Stale_Seconds = 1\nmax_stale_seconds = 2',
      'agent.toml:3: keyplane.max_stale_seconds is given twice.',
    ],
  ])('names a key that is there in two spellings: %j', (text, problem) => {
    expect(() => parseAgentConfig(text, 'agent.toml')).toThrow(problem)
  })

  it('takes what is to be prefetched', () => {
    const text = `
[prefetch]
cache_buffer_ratio = 0.5
max_jitter_seconds = "3"
secrets = [{ secret_id = "one" }]
[[prefetch.filter_tags]]
KEY = "team"
role_arn = "arn:aws:iam::123456789012:role/a/b"
[keyplane]
prefetch_prefixes = ["app/"]
`
    expect(parseAgentConfig(text).prefetch).toEqual({
      cacheRatio: 0.5,
      maxJitterMs: 3_000,
      secrets: [{ secretId: 'one' }],
      filterTags: [{ key: 'team', roleArn: 'arn:aws:iam::123456789012:role/a/b' }],
      prefixes: ['app/'],
    })
  })

  it('names what is wrong in a list of tables by its place', () => {
    const text = [
      '[prefetch]',
      'cache_buffer_ratio = 1.1',
      '[[prefetch.secrets]]',
      'secret_id = "one"',
      '[[prefetch.secrets]]',
      'role_arn = "junk"',
      'secret = "two"',
      '[[prefetch.filter_tags]]',
    ].join('\n')
    expect(() => parseAgentConfig(text, 'c.toml')).toThrow(
      [
        'c.toml:2: prefetch.cache_buffer_ratio must be a number from 0.1 to 1.0.',
        'c.toml:5: prefetch.secrets[1].secret_id is missing.',
        'c.toml:6: prefetch.secrets[1].role_arn must be arn:<partition>:iam::<account>:role/<name>.',
        'c.toml:7: prefetch.secrets[1].secret is not an option; did you mean secret_id?',
        'c.toml:8: prefetch.filter_tags[0].key is missing.',
      ].join('\n'),
    )
  })

  it.each<[string, string]>([
    ['http_port = 1023', 'http_port must be a whole number from 1024 to 65535'],
    ['http_port = "70000"', 'http_port must be'],
    ['http_port = 4000.5', 'http_port must be'],
    ['ttl_seconds = 3601', 'ttl_seconds must be a whole number from 1 to 3600'],
    ['ttl_seconds = -1', 'ttl_seconds must be'],
    ['cache_size = 1001', 'cache_size must be a whole number from 0 to 1000'],
    ['max_conn = 0', 'max_conn must be a whole number from 1 to 1000'],
    ['log_level = "loud"', 'log_level must be DEBUG, INFO, WARN, ERROR or NONE'],
    ['log_level = 1', 'log_level must be'],
    ['log_to_file = [true]', 'log_to_file must be true or false'],
    ['ssrf_headers = ["a b"]', 'ssrf_headers must be a list of at least one header name'],
    ['ssrf_headers = "X-Mine"', 'ssrf_headers must be'],
    ['ssrf_env_variables = []', 'ssrf_env_variables must be a list of at least one environment variable'],
    ['path_prefix = ""', 'path_prefix must begin with /'],
    ['region = "eu west"', 'region must be a region, like eu-west-1'],
    ['ignore_transient_errors = "none"', 'ignore_transient_errors must be true or false'],
    ['validate_credentials = 2026-01-01', 'validate_credentials must be true or false'],
    ['credentials_file_path = ""', 'credentials_file_path must be a text'],
    ['keyplane = 1', 'keyplane must be a table'],
    ['max_roles = 21', 'max_roles must be a whole number from 1 to 20'],
    ['max_roles = 0', 'max_roles must be'],
    ['prefetch = 1', 'prefetch must be a table'],
    ['prefetch.max_jitter_seconds = 11', 'prefetch.max_jitter_seconds must be a whole number from 0 to 10'],
    ['prefetch.cache_buffer_ratio = 0.05', 'prefetch.cache_buffer_ratio must be a number from 0.1 to 1.0'],
    ['prefetch.secrets = ["one"]', 'prefetch.secrets must be a list of tables'],
    ['keyplane.source = "vault"', 'keyplane.source must be aws, azure, env, file, gcp, openbao, service or ssm'],
    ['keyplane.prefetch_prefixes = [1]', 'keyplane.prefetch_prefixes must be a list'],
  ])('refuses %j', (text, problem) => {
    expect(() => parseAgentConfig(text, 'agent.toml')).toThrow(`agent.toml:1: ${problem}`)
  })

  it.each<[string, object]>([
    ['http_port = 0', { httpPort: 0 }],
    ['http_port = 65535', { httpPort: 65_535 }],
    ['ttl_seconds = "3600"', { ttlMs: 3_600_000 }],
    ['cache_size = 0', { cacheSize: 0 }],
    ['log_to_file = "false"', { logToFile: false }],
    ['credentials_file_path = "/run/credentials"', { credentialsFile: '/run/credentials' }],
  ])('takes %j', (text, expected) => {
    expect(parseAgentConfig(text)).toMatchObject(expected)
  })

  it('says where the file is no TOML, without quoting it', () => {
    expect(() => parseAgentConfig('a = "canary\nb', 'agent.toml')).toThrow(/^agent\.toml:1:\d+: this is not TOML\.$/)
  })
})

describe('the AWS provider’s file, in sections', () => {
  const nested = `
[logging]
log_level = "warn"
log_to_file = false
[capabilities.secrets_manager]
enabled = true
http_port = 4000
path_prefix = "/own/"
max_conn = 7
max_roles = 3
region = "eu-west-1"
ignore_transient_errors = false
validate_credentials = false
credentials_file_path = "/run/credentials"
[capabilities.secrets_manager.cache]
ttl_seconds = 60
cache_size = 5
[capabilities.secrets_manager.security]
ssrf_headers = ["X-Mine"]
ssrf_env_variables = ["MINE"]
[capabilities.secrets_manager.prefetch]
max_jitter_seconds = 1
[capabilities.acm]
enabled = true
certificates = [{ anything = 1 }]
[keyplane]
max_stale_seconds = 1
`

  it('says the same as the flat one, and leaves certificates to their own process', () => {
    const flat = `
log_level = "warn"
log_to_file = false
http_port = 4000
path_prefix = "/own/"
max_conn = 7
max_roles = 3
region = "eu-west-1"
ignore_transient_errors = false
validate_credentials = false
credentials_file_path = "/run/credentials"
ttl_seconds = 60
cache_size = 5
ssrf_headers = ["X-Mine"]
ssrf_env_variables = ["MINE"]
[prefetch]
max_jitter_seconds = 1
[keyplane]
max_stale_seconds = 1
`
    expect(parseAgentConfig(nested)).toEqual(parseAgentConfig(flat))
  })

  it('has the same defaults', () => {
    for (const text of ['[logging]', '[capabilities]', '[capabilities.secrets_manager.cache]'])
      expect(parseAgentConfig(text)).toEqual(parseAgentConfig(''))
  })

  it('may switch secrets off', () => {
    expect(parseAgentConfig('[capabilities.secrets_manager]\nenabled = false').enabled).toBe(false)
  })

  it('takes no flat keys beside its sections, and names each', () => {
    const text = 'http_port = 4000\nttl_seconds = "junk"\n[logging]\nlog_level = "info"\n[keyplane]\n'
    expect(() => parseAgentConfig(text, 'c.toml')).toThrow(
      /^c\.toml:1: http_port stands beside sections: it belongs into one of them\.\nc\.toml:2: ttl_seconds stands beside sections: [^\n]*$/,
    )
  })

  it('names what is wrong by its section and its own line, also where a key of that name stands elsewhere', () => {
    const text = [
      '[capabilities.acm]',
      'enabled = "junk"',
      'http_port = 1',
      '[capabilities.secrets_manager]',
      'ttl_seconds = 5',
      'http_port = 1',
      '[capabilities.secrets_manager.cache]',
      'TTL_SECONDS = 9999',
      '[logging]',
      'log_levels = "info"',
      '[Capabilities.other]',
    ].join('\n')
    expect(() => parseAgentConfig(text, 'c.toml')).toThrow(
      [
        'c.toml:5: capabilities.secrets_manager.ttl_seconds is not an option.',
        'c.toml:6: capabilities.secrets_manager.http_port must be a whole number from 1024 to 65535.',
        'c.toml:8: capabilities.secrets_manager.cache.ttl_seconds must be a whole number from 1 to 3600.',
        'c.toml:10: logging.log_levels is not an option; did you mean log_level?',
        'c.toml:11: capabilities is given twice.',
      ].join('\n'),
    )
  })
})

describe('the configuration of dialects and listeners', () => {
  const listen = '[[keyplane.listen]]\naddress = "10.0.0.5"\nport = 2774\ncertificate = "c"\nkey = "k"\n'
  const client = '[[keyplane.clients]]\nname = "app"\ntoken = "env://APP"\nsecrets = ["app/*"]\n'

  it('is read from tables of ours', () => {
    const own =
      '[keyplane]\nlambda_extension = true\nvault_mounts = ["secret", "team/kv"]\nsocket_path = "/run/a.sock"\n'
    expect(parseAgentConfig(`${own}socket_mode = "0660"\n${client}${listen}client_ca = "ca"\n`)).toMatchObject({
      lambdaExtension: true,
      vaultMounts: ['secret', 'team/kv'],
      socketPath: '/run/a.sock',
      socketMode: 0o660,
      clients: [{ name: 'app', token: 'env://APP', secrets: ['app/*'], parameters: [] }],
      listen: [{ address: '10.0.0.5', port: 2774, certificate: 'c', key: 'k', clientCa: 'ca' }],
    })
  })

  it('takes a port of Vault’s for the mount that everybody has', () => {
    expect(parseAgentConfig('[keyplane]\nvault_port = 8200').vaultMounts).toEqual(['secret'])
  })

  it.each([
    ['[keyplane]\nvault_mounts = ["sys"]', '2: keyplane.vault_mounts must be a list of at least one mount'],
    ['[keyplane]\nvault_mounts = ["/secret"]', '2: keyplane.vault_mounts must be'],
    ['[keyplane]\nvault_mounts = ["a/../b"]', '2: keyplane.vault_mounts must be'],
    ['[keyplane]\nsocket_mode = "0666"', '2: keyplane.socket_mode must be a mode without rights for others'],
    ['[keyplane]\nsocket_mode = 384', '2: keyplane.socket_mode must be'],
    ['[keyplane]\nsocket_path = "agent.sock"', '2: keyplane.socket_path must be an absolute path of at most 107 bytes'],
    [`[keyplane]\nsocket_path = "/${'x'.repeat(107)}"`, '2: keyplane.socket_path must be'],
    [client.replace('env://APP', 'the token itself'), '3: keyplane.clients[0].token must be file:///PATH or env://'],
    [client.replace('name = "app"\n', ''), '1: keyplane.clients[0].name is missing'],
    [`${client}${client}`, '6: keyplane.clients[1].name is the name of another client too'],
    [`${client}${listen.replace('10.0.0.5', 'agent.test')}`, '6: keyplane.listen[0].address must be an IP address'],
    [listen, '1: keyplane.listen[0] needs client_ca, or [[keyplane.clients]] whose tokens count there'],
  ])('refuses %j', (text, problem) => {
    expect(() => parseAgentConfig(text, 'agent.toml')).toThrow(`agent.toml:${problem}`)
  })

  it('quotes no token that stands where it does not belong', () => {
    expect(() => parseAgentConfig(client.replace('env://APP', 'canary'))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('canary') }),
    )
  })
})
