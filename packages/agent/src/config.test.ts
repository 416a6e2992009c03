import { describe, expect, it } from 'vitest'
import { parseAgentConfig } from './config.ts'

describe('the agent’s configuration', () => {
  it('has the AWS agent’s defaults', () => {
    expect(parseAgentConfig('')).toEqual({
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
    })
  })

  it('takes the AWS agent’s file: keys in any case, numbers in quotes, levels in any case', () => {
    const config = parseAgentConfig('HTTP_PORT = "4000"\nttl_seconds = 0\nlog_level = "DEBUG"\nregion = "eu-west-1"')
    expect(config).toMatchObject({ httpPort: 4_000, ttlMs: 0, logLevel: 'debug', region: 'eu-west-1' })
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
        'agent.toml:2: ttl_second is not an option; did you mean ttl_seconds?',
        'agent.toml:1: http_port must be a whole number from 1024 to 65535.',
        'agent.toml:3: cache_size must be a whole number from 0 to 1000.',
        'agent.toml:5: log_to_file must be true or false.',
        'agent.toml:6: ssrf_headers must be a list of at least one header name.',
        'agent.toml:4: path_prefix must begin with /.',
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

  it('refuses what only the original has, in so many words', () => {
    expect(() => parseAgentConfig('max_roles = 5\n[prefetch]\n', 'agent.toml')).toThrow(
      'agent.toml:1: max_roles is not supported by this agent.\nagent.toml:2: prefetch is not supported by this agent.',
    )
  })

  it('says where the file is no TOML, without quoting it', () => {
    expect(() => parseAgentConfig('a = "canary\nb', 'agent.toml')).toThrow(/^agent\.toml:1:\d+: this is not TOML\.$/)
  })
})
