import { type AnswerBody, type TestStore, tokenOf } from './test-store.ts'

/** Calls that tests of versions make, with short names for versions. */
export interface VersionCalls {
  /** Makes a secret, with version v1 if a value is given, and gives its name. */
  newSecret(value?: string): Promise<string>
  /** Makes a secret with versions v1 (oldest) … vN (current), each with its own name as its value. */
  newVersions(count: number, options?: { readonly apartMs?: number }): Promise<string>
  put(name: string, token: string, value: string, more?: object): Promise<AnswerBody>
  /** Version → its labels in the order of letters. */
  stagesOf(name: string): Promise<Readonly<Record<string, string>>>
  valueOf(name: string, more?: object): Promise<string>
}

export const versionCalls = (store: TestStore): VersionCalls => {
  let made = 0
  const newSecret = async (value?: string): Promise<string> => {
    made += 1
    const name = `versions/${made}`
    await store.ok('CreateSecret', {
      Name: name,
      ...(value !== undefined && { SecretString: value, ClientRequestToken: tokenOf('v1') }),
    })
    return name
  }
  const put = (name: string, token: string, value: string, more = {}) =>
    store.ok('PutSecretValue', { SecretId: name, SecretString: value, ClientRequestToken: tokenOf(token), ...more })
  const newVersions = async (count: number, { apartMs = 0 } = {}): Promise<string> => {
    const name = await newSecret()
    for (let index = 1; index <= count; index += 1) {
      await put(name, `v${index}`, `v${index}`)
      await store.clock.advance(apartMs)
    }
    return name
  }
  const stagesOf = async (name: string) => {
    const { VersionIdsToStages } = await store.ok('DescribeSecret', { SecretId: name })
    return Object.fromEntries(
      Object.entries(VersionIdsToStages ?? {}).map(([id, labels]) => [
        id.replaceAll('-', ''),
        labels.toSorted().join(' '),
      ]),
    )
  }
  const valueOf = async (name: string, more = {}) =>
    (await store.ok('GetSecretValue', { SecretId: name, ...more }))['SecretString']
  return { newSecret, newVersions, put, stagesOf, valueOf }
}
