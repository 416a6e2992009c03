import { verifySignature } from '@keyplane/aws'
import { doubleCredentials } from './secrets-manager-double.ts'
import type { Asked, Behaviour } from './http-double.ts'

interface Kept {
  readonly value: string
  readonly type: string
  readonly labels: string[]
}

class Refusal {
  readonly type: string
  readonly message: string
  constructor(type: string, message = '') {
    this.type = type
    this.message = message
  }
}

interface Input {
  readonly Name?: string
  readonly Names?: readonly string[]
  readonly Value?: string
  readonly Type?: string
  readonly Overwrite?: boolean
  readonly WithDecryption?: boolean
  readonly NextToken?: string
  readonly ParameterFilters?: readonly { readonly Option: string; readonly Values: readonly string[] }[]
}

const modified = 1_569_534_789.046
const account = 'arn:aws:ssm:eu-west-1:123456789012:parameter'
const arnOf = (name: string): string => (name.startsWith('/') ? `${account}${name}` : `${account}/${name}`)

/** As much of Parameter Store as the ssm provider asks of it. Signatures are verified; a name that holds `DENIED` is refused. */
export class ParameterStoreDouble {
  readonly #parameters = new Map<string, Kept[]>()

  add(name: string, value: string, type = 'SecureString', labels: string[] = []): void {
    const versions = this.#parameters.get(name) ?? []
    this.#parameters.set(name, [...versions, { value, type, labels }])
  }

  answer = (asked: Asked): Behaviour => {
    const options = { findSecretKey: () => doubleCredentials, region: 'eu-west-1', services: ['ssm'] }
    const verified = verifySignature(asked, { ...options, nowMs: Date.now() })
    if (!verified.ok)
      return { status: 400, body: JSON.stringify({ __type: verified.error, message: verified.message }) }
    try {
      const [prefix, operation = ''] = String(asked.headers['x-amz-target']).split('.')
      if (prefix !== 'AmazonSSM') throw new Refusal('UnknownOperationException')
      return { body: JSON.stringify(this.#perform(operation, JSON.parse(Buffer.from(asked.body).toString()))) }
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      return { status: 400, body: JSON.stringify({ __type: thrown.type, message: thrown.message }) }
    }
  }

  #perform(operation: string, input: Input): object {
    switch (operation) {
      case 'GetParameter':
        return { Parameter: this.#get(input.Name ?? '', input.WithDecryption ?? false) }
      case 'GetParameters':
        return this.#many(input)
      case 'DescribeParameters':
        return this.#list(input)
      case 'PutParameter':
        return this.#put(input)
      case 'DeleteParameter':
        if (!this.#parameters.delete(input.Name ?? '')) throw new Refusal('ParameterNotFound')
        return {}
      default:
        throw new Refusal('UnknownOperationException')
    }
  }

  #get(wanted: string, decrypt: boolean): object {
    const [, id = '', selector] = /^(arn:aws:ssm:[^:]+:\d*:[^:]+|[^:]+)(?::(.+))?$/.exec(wanted) ?? []
    if (id.includes('DENIED'))
      throw new Refusal(
        'AccessDeniedException',
        `User: arn:aws:iam::123456789012:user/test is not authorized to perform: ssm:GetParameter on resource: ${arnOf(id)} because no identity-based policy allows the ssm:GetParameter action`,
      )
    const name = [...this.#parameters.keys()].find((known) => known === id || arnOf(known) === id)
    const versions = this.#parameters.get(name ?? '')
    if (!versions || name === undefined) throw new Refusal('ParameterNotFound')
    const index = selector === undefined ? versions.length - 1 : this.#indexOf(versions, selector)
    const version = versions[index]
    if (!version)
      throw new Refusal('ParameterVersionNotFound', `Systems Manager could not find version ${selector} of ${name}.`)
    const shown = decrypt || version.type !== 'SecureString' ? version.value : 'AQICAHciphertext'
    const facts = { Name: name, ARN: arnOf(name), Type: version.type, Version: index + 1, LastModifiedDate: modified }
    return { ...facts, Value: shown, DataType: 'text', ...(selector !== undefined && { Selector: `:${selector}` }) }
  }

  #indexOf(versions: readonly Kept[], selector: string): number {
    return /^\d+$/.test(selector) ? Number(selector) - 1 : versions.findIndex(({ labels }) => labels.includes(selector))
  }

  #many({ Names: names = [], WithDecryption: decrypt = false }: Input): object {
    const [found, invalid]: [object[], string[]] = [[], []]
    for (const name of names)
      try {
        found.push(this.#get(name, decrypt))
      } catch (thrown) {
        if ((thrown as Refusal).type === 'AccessDeniedException') throw thrown
        invalid.push(name)
      }
    return { Parameters: found.reverse(), InvalidParameters: invalid }
  }

  /** Two a page, so that every list has pages. */
  #list({ NextToken: token = '0', ParameterFilters: filters = [] }: Input): object {
    const from = Number(token)
    const all = [...this.#parameters.keys()].filter((name) => name.startsWith(filters[0]?.Values[0] ?? ''))
    const page = all.slice(from, from + 2).map((name) => {
      const { Value: _, ...facts } = this.#get(name, false) as { readonly Value: string }
      return facts
    })
    return { Parameters: page, ...(from + 2 < all.length && { NextToken: String(from + 2) }) }
  }

  #put({ Name: name = '', Value: value = '', Type: type = 'String', Overwrite: overwrite = false }: Input): object {
    if (value === '') throw new Refusal('ValidationException', 'Value must not be empty')
    if (this.#parameters.has(name) && !overwrite) throw new Refusal('ParameterAlreadyExists')
    this.add(name, value, type)
    return { Version: this.#parameters.get(name)?.length, Tier: 'Standard' }
  }
}
