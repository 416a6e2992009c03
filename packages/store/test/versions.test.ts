import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

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

describe('PutSecretValue', () => {
  it('makes the new version current and the old one previous', async () => {
    const name = await newSecret('one')
    expect(await put(name, 'v2', 'two')).toMatchObject({ VersionId: tokenOf('v2'), VersionStages: ['AWSCURRENT'] })
    expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' })
    expect(await valueOf(name)).toBe('two')
    expect(await valueOf(name, { VersionStage: 'AWSPREVIOUS' })).toBe('one')
  })

  it('leaves AWSCURRENT alone when it names labels', async () => {
    const name = await newSecret('one')
    await put(name, 'v2', 'two', { VersionStages: ['AWSPENDING', 'blue'] })
    expect(await stagesOf(name)).toEqual({ v1: 'AWSCURRENT', v2: 'AWSPENDING blue' })
    expect(await valueOf(name)).toBe('one')
    expect(await valueOf(name, { VersionStage: 'blue' })).toBe('two')
  })

  it('gives AWSCURRENT to the first version of a secret without one, whatever it names', async () => {
    const name = await newSecret()
    expect(await put(name, 'v1', 'one', { VersionStages: ['blue'] })).toMatchObject({
      VersionStages: ['blue', 'AWSCURRENT'],
    })
  })

  it('does nothing for the same token with the same value, and says so with its labels', async () => {
    const name = await newSecret('one')
    await put(name, 'v2', 'two')
    await put(name, 'v3', 'three')
    expect(await put(name, 'v2', 'two')).toMatchObject({ VersionId: tokenOf('v2'), VersionStages: ['AWSPREVIOUS'] })
    expect(await stagesOf(name)).toEqual({ v2: 'AWSPREVIOUS', v3: 'AWSCURRENT' })
  })

  it('refuses the same token with another value, or the same bytes as the other kind', async () => {
    const name = await newSecret('one')
    const { ARN } = await store.ok('DescribeSecret', { SecretId: name })
    const text = `ResourceExistsException: You can't use ClientRequestToken ${tokenOf('v1')} because that value is already in use for a version of secret ${ARN}.`
    const again = { SecretId: name, ClientRequestToken: tokenOf('v1') }
    expect(await store.refused('PutSecretValue', { ...again, SecretString: 'other' })).toBe(text)
    expect(await store.refused('PutSecretValue', { ...again, SecretBinary: btoa('one') })).toBe(text)
  })

  it('wants a token before it looks for the secret, and a value', async () => {
    expect(
      await store.refused('PutSecretValue', { SecretId: 'nowhere', SecretString: 'x', ClientRequestToken: undefined }),
    ).toBe('InvalidRequestException: You must provide a ClientRequestToken value. We recommend a UUID-type value.')
    expect(
      await store.refused('PutSecretValue', { SecretId: 'nowhere', SecretString: 'x', ClientRequestToken: 'short' }),
    ).toBe('InvalidParameterException: ClientRequestToken must be 32-64 characters long.')
    expect(await store.refused('PutSecretValue', { SecretId: 'nowhere' })).toMatch(
      /^InvalidRequestException: You must provide/,
    )
    expect(
      await store.refused('PutSecretValue', { SecretId: 'nowhere', SecretString: 'a', SecretBinary: 'YQ==' }),
    ).toMatch(/^InvalidParameterException: You can't specify both/)
  })

  it('allows 20 labels on all versions together, not 21', async () => {
    const name = await newSecret('one')
    const labels = Array.from({ length: 19 }, (_, index) => `label-${index}`)
    await put(name, 'v2', 'two', { VersionStages: labels })
    const more = { SecretId: name, SecretString: 'x', VersionStages: ['one-more'] }
    expect(await store.refused('PutSecretValue', more)).toMatch(/^LimitExceededException/)
  })

  it('keeps writers of one secret from losing each other', async () => {
    const name = await newSecret('0')
    const tokens = Array.from({ length: 20 }, (_, index) => `w${index}`)
    await Promise.all(tokens.map((token) => put(name, token, token)))
    const stages = await stagesOf(name)
    expect(new Set(Object.values(stages))).toEqual(new Set(['AWSCURRENT', 'AWSPREVIOUS']))
    for (const token of tokens) expect(await valueOf(name, { VersionId: tokenOf(token) })).toBe(token)
  })
})

describe('GetSecretValue', () => {
  it('still gives a version without labels by its id', async () => {
    const name = await newSecret('one')
    await put(name, 'v2', 'two')
    await put(name, 'v3', 'three')
    const found = await store.ok('GetSecretValue', { SecretId: name, VersionId: tokenOf('v1') })
    expect(found).toMatchObject({ SecretString: 'one', VersionId: tokenOf('v1') })
    expect(Object.hasOwn(found, 'VersionStages')).toBe(false)
  })

  it('wants id and label to agree', async () => {
    const name = await newSecret('one')
    await put(name, 'v2', 'two')
    const of = (VersionStage: string) => ({ SecretId: name, VersionId: tokenOf('v2'), VersionStage })
    expect(await valueOf(name, of('AWSCURRENT'))).toBe('two')
    expect(await store.refused('GetSecretValue', of('AWSPREVIOUS'))).toBe(
      'InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId.',
    )
  })

  it('tells a missing version from a missing secret', async () => {
    const name = await newSecret('one')
    expect(await store.refused('GetSecretValue', { SecretId: 'nowhere' })).toBe(
      "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    )
    expect(await store.refused('GetSecretValue', { SecretId: name, VersionStage: 'green' })).toBe(
      "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: green",
    )
    expect(await store.refused('GetSecretValue', { SecretId: name, VersionId: tokenOf('v9') })).toBe(
      `ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: ${tokenOf('v9')}`,
    )
    expect(await store.refused('GetSecretValue', { SecretId: await newSecret() })).toBe(
      "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    )
  })

  it('gives bytes and any text back unchanged, up to 65,536 bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64')
    const name = await newSecret('one')
    await store.ok('PutSecretValue', { SecretId: name, SecretBinary: bytes })
    const found = await store.ok('GetSecretValue', { SecretId: name })
    expect([found['SecretBinary'], Object.hasOwn(found, 'SecretString')]).toEqual([bytes, false])
    for (const [index, text] of ['\u0000\n"\\', 'grüße 🔑', 'x'.repeat(65_536), 'ü'.repeat(32_768)].entries()) {
      await put(name, `text${index}`, text)
      expect(await valueOf(name)).toBe(text)
    }
    const large = Buffer.alloc(65_536).toString('base64')
    await store.ok('PutSecretValue', { SecretId: name, SecretBinary: large })
    for (const input of [
      { SecretString: 'x'.repeat(65_537) },
      { SecretString: 'ü'.repeat(32_769) },
      { SecretBinary: Buffer.alloc(65_537).toString('base64') },
    ])
      expect(await store.refused('PutSecretValue', { SecretId: name, ...input })).toMatch(
        /^ValidationException: 1 validation error detected: Value at 'secret(String|Binary)' failed/,
      )
  })

  it('notes the day of the last read once a day', async () => {
    const name = await newSecret('one')
    expect(await store.ok('DescribeSecret', { SecretId: name })).not.toHaveProperty('LastAccessedDate')
    await valueOf(name)
    const first = (await store.ok('DescribeSecret', { SecretId: name }))['LastAccessedDate']
    expect(first).toBe(Math.floor(store.clock.nowMs() / 86_400_000) * 86_400)
    await store.clock.advance(86_400_000)
    await valueOf(name)
    expect((await store.ok('DescribeSecret', { SecretId: name }))['LastAccessedDate']).toBe(first + 86_400)
  })
})

describe('UpdateSecret', () => {
  it('changes what is said of the secret without a new version', async () => {
    const name = await newSecret('one')
    const updated = await store.ok('UpdateSecret', { SecretId: name, Description: 'new' })
    expect(Object.keys(updated).toSorted()).toEqual(['ARN', 'Name'])
    expect(await store.ok('DescribeSecret', { SecretId: name })).toMatchObject({ Description: 'new' })
    await store.ok('UpdateSecret', { SecretId: name, Description: '' })
    expect(await store.ok('DescribeSecret', { SecretId: name })).not.toHaveProperty('Description')
    expect(await stagesOf(name)).toEqual({ v1: 'AWSCURRENT' })
    await store.ok('UpdateSecret', { SecretId: name })
  })

  it('writes a current version under its token, and is the same again for the same value', async () => {
    const name = await newSecret('one')
    const update = { SecretId: name, SecretString: 'two', ClientRequestToken: tokenOf('v2') }
    expect(await store.ok('UpdateSecret', update)).toMatchObject({ VersionId: tokenOf('v2') })
    expect(await store.ok('UpdateSecret', update)).toMatchObject({ VersionId: tokenOf('v2') })
    expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' })
    expect(await store.refused('UpdateSecret', { ...update, SecretString: 'three' })).toMatch(
      /^ResourceExistsException/,
    )
  })

  it('moves the date of the last change', async () => {
    const name = await newSecret('one')
    const before = (await store.ok('DescribeSecret', { SecretId: name }))['LastChangedDate']
    await store.clock.advance(1_234)
    await store.ok('UpdateSecret', { SecretId: name, Description: 'new' })
    expect((await store.ok('DescribeSecret', { SecretId: name }))['LastChangedDate']).toBeCloseTo(before + 1.234, 3)
  })
})

describe('versions without a label', () => {
  it('are kept while they are young, then the newest 100 of them', async () => {
    const name = await newSecret('0')
    for (let index = 0; index < 120; index += 1) await put(name, `old${index}`, 'x')
    expect(await valueOf(name, { VersionId: tokenOf('v1') })).toBe('0')
    await store.clock.advance(86_400_001)
    await put(name, 'new', 'x')
    expect(await store.refused('GetSecretValue', { SecretId: name, VersionId: tokenOf('v1') })).toMatch(/VersionId/)
    expect(await store.refused('GetSecretValue', { SecretId: name, VersionId: tokenOf('old10') })).toMatch(/VersionId/)
    await valueOf(name, { VersionId: tokenOf('old25') })
    await valueOf(name, { VersionId: tokenOf('old118') })
  })
})
