/**
 * A source of your own: an object with `name` and `get`. Everything else (cache, retries, breaker, deadlines, one call for
 * all who wait) is put around it. This one reads HashiCorp Vault's KV v2 over HTTP; the `openbao` provider does more.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openSecrets, type SecretProvider, SecretsError, TextValue } from '@keyplane/secrets'

const vaultProvider = ({ url, token }: { readonly url: string; readonly token: string }): SecretProvider => ({
  name: 'vault',
  get: async ({ id, version }, call) => {
    const query = version === undefined ? '' : `?version=${version}`
    const response = await fetch(`${url}/v1/secret/data/${id}${query}`, {
      headers: { 'x-vault-token': token },
      signal: call?.signal ?? null,
    }).catch((cause: unknown) => {
      call?.signal?.throwIfAborted()
      throw new SecretsError('unavailable', 'No answer from Vault.', { source: 'vault', cause })
    })
    if (response.status === 404) throw new SecretsError('secret_not_found', `No ${id} in Vault.`, { source: 'vault' })
    if (response.status === 403) throw new SecretsError('access_denied', `Vault refuses ${id}.`, { source: 'vault' })
    if (!response.ok) throw new SecretsError('unavailable', `Vault says ${response.status}.`, { source: 'vault' })
    const { data } = (await response.json()) as { data: { data: object; metadata: { version: number } } }
    const value = new TextValue(JSON.stringify(data.data))
    return Object.freeze({ id: `secret/${id}`, name: id, version: String(data.metadata.version), value })
  },
})

/** A Vault that has one secret. */
const server = createServer(({ url }, response) => {
  const answer = { data: { data: { user: 'app', password: 'correct horse' }, metadata: { version: 3 } } }
  if (url === '/v1/secret/data/app/db') response.end(JSON.stringify(answer))
  else response.writeHead(url === '/v1/secret/data/root' ? 403 : 404).end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

const secrets = openSecrets({
  providers: [vaultProvider({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'a-token' })],
  environment: false,
})

const database = await secrets.getSecretJson<{ user: string }>('app/db')
console.log(`user ${database?.user}`)

for (const key of ['app/db', 'root', 'nope']) {
  const [step] = (await secrets.explain(key)).steps
  console.log(`${key}: ${step?.result}${step?.version === undefined ? '' : `, version ${step.version}`}`)
}

await secrets.close()
server.closeAllConnections()
server.close()

// prints:
// user app
// app/db: answered, version 3
// root: denied
// nope: absent
