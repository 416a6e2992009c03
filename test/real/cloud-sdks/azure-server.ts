import { AzureDouble, RestError } from '../../../packages/providers/test/azure-double.ts'
import type { AzureSecretProperties } from '../../../packages/providers/src/azure-client.ts'
import { type Answer, type Question, type RunningServer, startServer } from './http-server.ts'

const limits = { requestOptions: { timeout: 1_000 } }
const seconds = (date: Date | undefined): number => Math.floor((date?.getTime() ?? 0) / 1_000)

/** Key Vault's code within a refusal, as far as it differs from the outer one. */
const innerCodes: Readonly<Record<string, string>> = { disabled: 'SecretDisabled' }

/** A vault as REST, over the double that the unit tests use. @see https://learn.microsoft.com/rest/api/keyvault/secrets */
export class AzureServer {
  readonly double: AzureDouble = new AzureDouble()
  readonly asked: string[] = []
  babbles = false
  readonly #deleted = new Set<string>()
  #server: RunningServer | undefined

  get url(): string {
    return `https://localhost:${this.#server?.port}`
  }

  async start(tls: { readonly key: string; readonly cert: string }): Promise<this> {
    this.#server = await startServer((question) => this.#answer(question), tls)
    return this
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  async #answer(question: Question): Promise<Answer> {
    const { method, url, headers } = question
    // A client that is not signed in yet is told where to: it sends no body until then.
    if (headers.authorization === undefined) {
      const place = 'authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"'
      return {
        status: 401,
        headers: { 'www-authenticate': `Bearer ${place}` },
        json: { error: { code: 'Unauthorized' } },
      }
    }
    this.asked.push(`${method} ${url.pathname}`)
    if (this.babbles) return { status: 200, text: '{"value":"plain-canary-7f3a91' }
    try {
      if (headers.authorization !== 'Bearer token-of-this-test') throw new RestError(401, 'Unauthorized', 'no token')
      return await this.#perform(question)
    } catch (thrown) {
      if (!(thrown instanceof RestError)) throw thrown
      const { code, message, statusCode: status = 500 } = thrown
      const inner = Object.entries(innerCodes).find(([word]) => message.includes(word))?.[1]
      return { status, json: { error: { code, message, ...(inner && { innererror: { code: inner } }) } } }
    }
  }

  async #perform({ method, url, body }: Question): Promise<Answer> {
    const [kind, name = '', version = ''] = url.pathname.split('/').slice(1)
    if (kind === 'deletedsecrets') return this.#performOnDeleted(method, name)
    if (name === '') return this.#page(await this.#all(this.double.listPropertiesOfSecrets(limits)), url)
    if (version === 'versions')
      return this.#page(await this.#all(this.double.listPropertiesOfSecretVersions(name, limits)), url)
    if (method === 'DELETE') {
      await this.double.beginDeleteSecret(name, limits)
      this.#deleted.add(name)
      return { status: 200, json: this.#deletedBundle(name) }
    }
    const secret =
      method === 'PUT'
        ? await this.double.setSecret(name, JSON.parse(body).value, { ...limits, ...JSON.parse(body) })
        : await this.double.getSecret(name, { ...limits, ...(version === '' ? {} : { version }) })
    return { status: 200, json: { value: secret.value, ...this.#bundle(secret.properties, true) } }
  }

  async #performOnDeleted(method: string, name: string): Promise<Answer> {
    if (!this.#deleted.has(name)) throw new RestError(404, 'SecretNotFound', `Deleted Secret not found: ${name}`)
    if (method === 'GET') return { status: 200, json: this.#deletedBundle(name) }
    await this.double.purgeDeletedSecret(name, limits)
    this.#deleted.delete(name)
    return { status: 204 }
  }

  async #all(list: AsyncIterable<AzureSecretProperties>): Promise<object[]> {
    const found: object[] = []
    for await (const properties of list) found.push(this.#bundle(properties, properties.version !== undefined))
    return found
  }

  #bundle({ name, version, createdOn, updatedOn, enabled, tags }: AzureSecretProperties, versioned: boolean): object {
    const attributes = { enabled, created: seconds(createdOn), updated: seconds(updatedOn) }
    return { id: `${this.url}/secrets/${name}${versioned ? `/${version}` : ''}`, attributes, ...(tags && { tags }) }
  }

  #deletedBundle(name: string): object {
    const recoveryId = `${this.url}/deletedsecrets/${name}`
    return {
      recoveryId,
      id: `${this.url}/secrets/${name}/0`,
      deletedDate: 1_569_534_789,
      scheduledPurgeDate: 1_577_310_789,
    }
  }

  /** Two a page, so that every list has pages. */
  #page(entries: readonly object[], { pathname, searchParams }: URL): Answer {
    const from = Number(searchParams.get('$skiptoken') ?? 0)
    const next = `${this.url}${pathname}?api-version=7.4&$skiptoken=${from + 2}`
    const nextLink = from + 2 < entries.length ? next : null
    return { status: 200, json: { value: entries.slice(from, from + 2), nextLink } }
  }
}
