import {
  BytesValue,
  SecretsError,
  type SecretState,
  type SecretValue,
  type SecretVersion,
  type Stage,
  TextValue,
} from '@keyplane/core'
import { decodeBase64, encodeBase64 } from '@keyplane/protocol'
import type { AzureSecret, AzureSecretProperties } from './azure-client.ts'

const malformed = (what: string): SecretsError =>
  new SecretsError('bad_response', `Key Vault's answer ${what}.`, { source: 'azure' })

/** The tag by which the Azure CLI marks a value that it encoded (`az keyvault secret set --encoding base64`). */
const encodingTag = 'file-encoding'

/** How a value is stored: Key Vault keeps texts only, so bytes become base64 with a tag that says so. */
export const storedValue = (
  value: SecretValue,
): { readonly text: string; readonly facts: { contentType?: string; tags?: { [name: string]: string } } } =>
  value.kind === 'text'
    ? { text: value.reveal(), facts: {} }
    : {
        text: encodeBase64(value.reveal()),
        facts: { contentType: 'application/octet-stream', tags: { [encodingTag]: 'base64' } },
      }

const valueOf = ({ value, properties }: AzureSecret): SecretValue => {
  if (typeof value !== 'string') throw malformed('has no value')
  if (properties.tags?.[encodingTag] !== 'base64') return new TextValue(value)
  const bytes = decodeBase64(value)
  if (!bytes) throw malformed('is tagged as base64 and is none')
  return new BytesValue(bytes)
}

const idOf = ({ vaultUrl, name }: AzureSecretProperties): string => {
  if (typeof vaultUrl !== 'string' || typeof name !== 'string' || name === '') throw malformed('names no secret')
  return `${vaultUrl.replace(/\/+$/, '')}/secrets/${name}`
}

/** The version that Key Vault gave, with the stages under which it was asked for. */
export const versionOfSecret = (secret: AzureSecret, stages?: readonly Stage[]): SecretVersion => {
  const properties: AzureSecretProperties | undefined = secret?.properties
  if (typeof properties !== 'object' || properties === null) throw malformed('is no secret')
  const { name, version, createdOn } = properties
  if (typeof version !== 'string' || version === '') throw malformed('names no version')
  return Object.freeze({
    id: idOf(properties),
    name,
    version,
    ...(stages ? { stages: Object.freeze([...stages]) } : {}),
    ...(createdOn instanceof Date ? { createdAtMs: createdOn.getTime() } : {}),
    value: valueOf(secret),
  })
}

const noVersions: SecretState['versions'] = new Map()

/** An entry of a list, which tells of no version. */
export const entryOfProperties = (properties: AzureSecretProperties): SecretState & { readonly name: string } => ({
  id: idOf(properties),
  name: properties.name,
  versions: noVersions,
  ...(properties.updatedOn instanceof Date ? { changedAtMs: properties.updatedOn.getTime() } : {}),
})
