import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { type Body, TestStore, tokenOf } from './test-store.ts'
import { versionCalls } from './version-calls.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newVersions: newSecret, put: putValue, stagesOf } = versionCalls(store)
const put = (name: string, version: string, VersionStages?: readonly string[]) =>
  putValue(name, version, version, VersionStages && { VersionStages })
/** Moves a label between versions that are named without their filling. */
const input = (SecretId: string, VersionStage: string, from?: string, to?: string): Body => ({
  SecretId,
  VersionStage,
  ...(from !== undefined && { RemoveFromVersionId: tokenOf(from) }),
  ...(to !== undefined && { MoveToVersionId: tokenOf(to) }),
})
const move = (...given: Parameters<typeof input>) => store.ok('UpdateSecretVersionStage', input(...given))
const refused = (...given: Parameters<typeof input>) => store.refused('UpdateSecretVersionStage', input(...given))

describe('UpdateSecretVersionStage', () => {
  describe('parameters', () => {
    it('answers ARN and name, and moves the date of the last change', async () => {
      const name = await newSecret(2)
      const { ARN, LastChangedDate } = await store.ok('DescribeSecret', { SecretId: name })
      await store.clock.advance(2_000)
      expect(await move(name, 'blue', undefined, 'v1')).toEqual({ ARN, Name: name })
      expect((await store.ok('DescribeSecret', { SecretId: name })).LastChangedDate).toBe(LastChangedDate + 2)
    })

    it('changes nothing where the label is already', async () => {
      const name = await newSecret(2)
      await move(name, 'AWSCURRENT', undefined, 'v2')
      await move(name, 'AWSCURRENT', 'v2', 'v2')
      expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' })
    })
  })

  describe('labels', () => {
    it('moves AWSCURRENT, with AWSPREVIOUS to the version that had it', async () => {
      const name = await newSecret(3)
      await move(name, 'AWSCURRENT', 'v3', 'v1')
      expect(await stagesOf(name)).toEqual({ v1: 'AWSCURRENT', v3: 'AWSPREVIOUS' })
      expect((await store.ok('GetSecretValue', { SecretId: name })).SecretString).toBe('v1')
    })

    it('takes AWSPREVIOUS off the version that becomes current', async () => {
      const name = await newSecret(2)
      await move(name, 'AWSCURRENT', 'v2', 'v1')
      expect(await stagesOf(name)).toEqual({ v1: 'AWSCURRENT', v2: 'AWSPREVIOUS' })
    })

    it('leaves AWSPENDING beside AWSCURRENT until it is taken away, as rotations end', async () => {
      const name = await newSecret(2)
      await put(name, 'v3', ['AWSPENDING'])
      await move(name, 'AWSCURRENT', 'v2', 'v3')
      expect(await stagesOf(name)).toEqual({ v2: 'AWSPREVIOUS', v3: 'AWSCURRENT AWSPENDING' })
      await move(name, 'AWSPENDING', 'v3')
      expect(await stagesOf(name)).toEqual({ v2: 'AWSPREVIOUS', v3: 'AWSCURRENT' })
    })

    it('drops AWSPENDING from the version that loses AWSCURRENT to a put, not custom labels', async () => {
      const name = await newSecret(1)
      await put(name, 'v2', ['AWSPENDING'])
      await move(name, 'AWSCURRENT', 'v1', 'v2')
      await move(name, 'AWSSOMETHING', undefined, 'v2')
      await put(name, 'v3')
      expect(await stagesOf(name)).toEqual({ v2: 'AWSPREVIOUS AWSSOMETHING', v3: 'AWSCURRENT' })
    })

    it('adds, moves and takes away labels of the caller', async () => {
      const name = await newSecret(2)
      await move(name, 'blue', undefined, 'v1')
      expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS blue', v2: 'AWSCURRENT' })
      await move(name, 'blue', 'v1', 'v2')
      expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v2: 'AWSCURRENT blue' })
      await move(name, 'blue', 'v2')
      await move(name, 'AWSPREVIOUS', 'v1')
      expect(await stagesOf(name)).toEqual({ v2: 'AWSCURRENT' })
    })

    it('lets a version without its last label be read by its id, and be labelled again', async () => {
      const name = await newSecret(2)
      await move(name, 'AWSPREVIOUS', 'v1')
      const VersionId = tokenOf('v1')
      expect((await store.ok('GetSecretValue', { SecretId: name, VersionId })).SecretString).toBe('v1')
      await move(name, 'old', undefined, 'v1')
      expect((await store.ok('GetSecretValue', { SecretId: name, VersionStage: 'old' })).SecretString).toBe('v1')
    })

    it('counts 20 on all versions together', async () => {
      const name = await newSecret(1)
      await put(
        name,
        'v2',
        Array.from({ length: 19 }, (_, index) => `label-${index}`),
      )
      expect(await refused(name, 'one-more', undefined, 'v1')).toMatch(/^LimitExceededException/)
      await move(name, 'label-3', 'v2', 'v1')
    })
  })

  describe('errors', () => {
    it('tell to name the version that holds the label', async () => {
      const name = await newSecret(2)
      expect(await refused(name, 'AWSCURRENT', undefined, 'v1')).toBe(
        `InvalidParameterException: The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${tokenOf('v2')}, so you must explicitly reference that version in RemoveFromVersionId.`,
      )
      expect(await refused(name, 'AWSCURRENT', 'v1', 'v1')).toBe(
        'InvalidParameterException: When you move staging label AWSCURRENT, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label AWSCURRENT.',
      )
      expect(await refused(name, 'blue', 'v1')).toMatch(/^InvalidParameterException: When you move staging label blue/)
    })

    it('keep AWSCURRENT on a version', async () => {
      const name = await newSecret(1)
      expect(await refused(name, 'AWSCURRENT', 'v1')).toBe(
        'InvalidParameterException: You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
      )
    })

    it('come from versions that are not there, and from no version at all', async () => {
      const name = await newSecret(1)
      expect(await refused(name, 'blue', undefined, 'v9')).toMatch(/^ResourceNotFoundException/)
      expect(await refused(name, 'AWSCURRENT', 'v9', 'v1')).toMatch(/^ResourceNotFoundException/)
      expect(await refused(name, 'blue')).toMatch(/^InvalidParameterException/)
      expect(await store.refused('UpdateSecretVersionStage', { SecretId: name })).toMatch(
        /Value null at 'versionStage'/,
      )
    })

    it('come from a secret that is not there, or is going', async () => {
      expect(await refused('nowhere', 'blue', undefined, 'v1')).toBe(notFound)
      const name = await newSecret(1)
      await store.ok('DeleteSecret', { SecretId: name })
      expect(await refused(name, 'blue', undefined, 'v1')).toBe(marked)
    })
  })
})

/** What AWS's documentation says of labels, as simply as it can be said. */
class LabelModel {
  readonly holders = new Map<string, string>()
  readonly versions = new Set<string>()

  put(version: string, stages: readonly string[] | undefined): void {
    this.versions.add(version)
    if (!stages) this.holders.delete('AWSPENDING')
    const wanted = new Set(stages ?? ['AWSCURRENT'])
    if (this.holders.size === 0) wanted.add('AWSCURRENT')
    if (wanted.has('AWSCURRENT')) this.#moveCurrent(version)
    for (const label of wanted) this.holders.set(label, version)
  }

  /** Whether it is allowed. */
  move(label: string, from: string | undefined, to: string | undefined): boolean {
    const holder = this.holders.get(label)
    if (from === undefined && to === undefined) return false
    if ([from, to].some((version) => version !== undefined && !this.versions.has(version))) return false
    if (to !== undefined && to === holder && (from === undefined || from === holder)) return true
    if (from !== holder || (label === 'AWSCURRENT' && to === undefined)) return false
    if (label === 'AWSCURRENT' && to !== undefined) this.#moveCurrent(to)
    if (to === undefined) this.holders.delete(label)
    else this.holders.set(label, to)
    return true
  }

  #moveCurrent(version: string): void {
    const holder = this.holders.get('AWSCURRENT')
    if (holder !== undefined && holder !== version) this.holders.set('AWSPREVIOUS', holder)
    this.holders.set('AWSCURRENT', version)
  }
}

describe('labels', () => {
  it('are where a small model says, after any puts and moves', async () => {
    const version = fc.constantFrom('v1', 'v2', 'v3', 'v4')
    const label = fc.constantFrom('AWSCURRENT', 'AWSPREVIOUS', 'AWSPENDING', 'blue')
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('put' as const),
        version,
        stages: fc.option(fc.uniqueArray(label, { minLength: 1 }), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('move' as const),
        label,
        from: fc.option(version, { nil: undefined }),
        to: fc.option(version, { nil: undefined }),
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const name = await newSecret(0)
        const model = new LabelModel()
        for (const given of steps) {
          if (given.kind === 'put') {
            // The same version again changes nothing.
            if (!model.versions.has(given.version)) model.put(given.version, given.stages)
            await put(name, given.version, given.stages)
          } else {
            const sent = input(name, given.label, given.from, given.to)
            const { status } = await store.call('UpdateSecretVersionStage', sent)
            expect(status === 200).toBe(model.move(given.label, given.from, given.to))
          }
          const expected: Record<string, string[]> = {}
          for (const [held, holder] of model.holders) (expected[holder] ??= []).push(held)
          expect(await stagesOf(name)).toEqual(
            Object.fromEntries(Object.entries(expected).map(([id, held]) => [id, held.toSorted().join(' ')])),
          )
        }
      }),
      { numRuns: 60 },
    )
  })
})
