import { describe, expect, it } from 'vitest'
import { OpenBaoAnswer } from './answer.ts'
import { failureOf, type Purpose } from './failure.ts'

const meaningOf = (
  status: number,
  body: string,
  { purpose = 'other', headers = {} }: { purpose?: Purpose; headers?: Record<string, string> } = {},
) => {
  const answer = new OpenBaoAnswer({ status, headers, body: new TextEncoder().encode(body) }, 0)
  const failure = failureOf(answer, purpose)
  return failure && (failure.reason === undefined ? failure.code : `${failure.code}: ${failure.reason}`)
}

const errors = (...texts: string[]): string => `${JSON.stringify({ errors: texts })}\n`
const deleted = (deletion_time: string, destroyed: boolean): string =>
  JSON.stringify({
    request_id: 'e090b680-3b9c-8953-4aea-9ba5fedf5bac',
    data: {
      data: null,
      metadata: { created_time: '2026-11-22T03:55:32.01634416Z', deletion_time, destroyed, version: 1 },
    },
    warnings: null,
  })
const kvWarning =
  'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.'

describe('an answer of OpenBao', () => {
  it.each<[string, number, string, string]>([
    ['an absent key, version or folder', 404, errors(), 'secret_not_found'],
    ['a deleted version', 404, deleted('2026-11-22T03:55:32.080608399Z', false), 'secret_deleted: deleted'],
    ['a destroyed version', 404, deleted('2026-11-22T03:55:32.080608399Z', true), 'secret_deleted: destroyed'],
    ['a destroyed version that was not deleted before', 404, deleted('', true), 'secret_deleted: destroyed'],
    [
      'no mount',
      404,
      errors('no handler for route "nomount/data/x". route entry not found.'),
      'source_misconfigured: no_mount',
    ],
    ['no namespace', 404, errors('namespace not found'), 'source_misconfigured: no_namespace'],
    [
      'no such feature',
      404,
      errors('1 error occurred:\n\t* unsupported path\n\n'),
      'source_misconfigured: unsupported_path',
    ],
    [
      'a path of version 1 at a mount of version 2',
      404,
      JSON.stringify({ request_id: 'r', data: null, warnings: [kvWarning] }),
      'source_misconfigured: kv_path',
    ],
    ['a 404 with other words', 404, errors('something else'), 'source_misconfigured: no_route'],
    ["a 404 of another's", 404, '{"message":"not found"}', 'bad_response'],
    ['a dead token', 403, errors('permission denied'), 'unauthenticated: invalid_token'],
    [
      "a dead token, in Vault's words",
      403,
      errors('2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'),
      'unauthenticated: invalid_token',
    ],
    ["a policy's no", 403, errors('1 error occurred:\n\t* permission denied\n\n'), 'access_denied: policy'],
    [
      'a locked namespace',
      503,
      errors('API access to this namespace has been locked by an administrator - "team/" must be unlocked'),
      'access_denied: namespace_locked',
    ],
    [
      'a compare-and-set that lost',
      400,
      errors('check-and-set parameter did not match the current version'),
      'conflict: cas_mismatch',
    ],
    [
      'a compare-and-set that is missing',
      400,
      errors('check-and-set parameter required for this call'),
      'invalid_request: cas_required',
    ],
    [
      'a wrapping token of the past',
      400,
      errors('wrapping token is not valid or does not exist'),
      'unauthenticated: wrapping_token_used',
    ],
    ['a lease of the past', 400, errors('lease not found'), 'secret_not_found: lease_gone'],
    [
      'a lease whose database is down',
      400,
      errors('failed to revoke entry: resource ... connect: connection refused'),
      'unavailable: lease_backend',
    ],
    ['a request that makes no sense', 400, errors('Field validation failed'), 'invalid_request'],
    ['a path that the server does not even read', 400, '', 'invalid_request'],
    ['a method that is not there', 405, errors(), 'unsupported'],
    ['a standby that lags', 429, errors(), 'unavailable: index_not_applied'],
    ['a standby that lags, as the specification has it', 412, errors(), 'unavailable: index_not_applied'],
    ['a quota', 429, errors('1 error occurred:\n\t* rate limit quota exceeded'), 'rate_limited: quota'],
    ['a healthy standby', 429, '{"initialized":true,"sealed":false,"standby":true}', 'unavailable: standby'],
    ["a proxy's limit", 429, '<html>slow down', 'bad_response'],
    ['a sealed server', 503, errors('Vault is sealed'), 'unavailable: sealed'],
    ['a sealed server, 500', 500, errors('Vault is sealed'), 'unavailable: sealed'],
    ['a sealed health', 503, '{"initialized":true,"sealed":true,"standby":true}', 'unavailable: sealed'],
    ['an uninitialised health', 501, '{"initialized":false,"sealed":true}', 'unavailable: uninitialised'],
    ["a plugin's failure", 500, errors('ERROR: permission denied (SQLSTATE 42501)'), 'unavailable: server_error'],
    ['a third party that failed', 502, errors('bad gateway'), 'unavailable: upstream'],
    ["a proxy's failure", 502, '<html>', 'unavailable: server_error'],
    ["a proxy's login", 401, '<html>', 'unauthenticated: proxy'],
    ["a proxy's login, in JSON", 401, '{"message":"no"}', 'unauthenticated: proxy'],
    ["a proxy's refusal", 403, 'RBAC: access denied', 'access_denied: proxy'],
    ["a proxy's refusal without a word", 403, '', 'access_denied: proxy'],
    ['a redirect', 307, '', 'bad_response: redirect'],
    ['no JSON', 200, '<html>', 'bad_response'],
    ['a JSON list', 200, '[]', 'bad_response'],
  ])('with %s (%i) is %4$s', (_what, status, body, expected) => {
    expect(meaningOf(status, body)).toBe(expected)
  })

  it.each<[string, number, string, string, Purpose]>([
    ['a wrong secret id', 400, errors('invalid role or secret ID'), 'unauthenticated: login_refused', 'approle_login'],
    ['a locked role', 403, errors('permission denied'), 'unauthenticated: locked_out', 'approle_login'],
    [
      'a JWT that is not taken',
      400,
      errors('error validating token: no known key successfully validated the token signature'),
      'unauthenticated: login_refused',
      'login',
    ],
    ['a cluster that can not be asked', 403, errors('permission denied'), 'unauthenticated: login_refused', 'login'],
    [
      'another service account',
      403,
      errors('service account name not authorized'),
      'unauthenticated: service_account_not_authorized',
      'login',
    ],
    ['no such role', 400, errors('invalid role name "x"'), 'source_misconfigured: login_role', 'login'],
    ['a method not set up', 400, errors('could not load configuration'), 'source_misconfigured: login_role', 'login'],
    [
      'a method not mounted, for a caller with a token',
      404,
      errors('no handler for route "auth/nomount/login". route entry not found.'),
      'source_misconfigured: no_mount',
      'login',
    ],
  ])('to a login with %s (%i) is %4$s', (_what, status, body, expected, purpose) => {
    expect(meaningOf(status, body, { purpose })).toBe(expected)
  })

  it.each([200, 204])('is a success at %i', (status) => {
    expect(meaningOf(status, status === 204 ? '' : '{"data":null,"warnings":["odd"]}')).toBeUndefined()
  })

  it('has a meaning whatever it is', () => {
    for (let status = 100; status < 600; status += 1)
      for (const body of ['', '{}', '{"errors":[]}', '{"errors":["x"]}', '<html>', '{"errors":"x"}'])
        for (const purpose of ['other', 'login', 'approle_login'] as const) {
          const meaning = meaningOf(status, body, { purpose })
          if (status < 200 || status >= 300) expect(meaning, `${status} ${body}`).toBeDefined()
          if (meaning === 'secret_not_found') expect([status, body]).toEqual([404, '{"errors":[]}'])
        }
  })
})
