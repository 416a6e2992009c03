import type { HttpKeyOptions } from '@keyplane/rotation'

/** The API's calls, made with the key itself, or with an administrator's token: `{{admin}}`. */
export const keyCalls = (by: '{{by.key}}' | '{{admin}}'): Pick<HttpKeyOptions, 'create' | 'test' | 'remove'> => {
  const headers = { authorization: `Bearer ${by}` }
  return {
    create: {
      method: 'POST',
      path: '/v1/keys',
      headers,
      body: { name: 'shop {{version}}' },
      keyAt: 'data.secret',
      idAt: 'data.id',
    },
    test: { method: 'GET', path: '/v1/me', headers: { authorization: 'Bearer {{by.key}}' } },
    remove: { method: 'DELETE', path: '/v1/keys/{{id}}', headers },
  }
}
