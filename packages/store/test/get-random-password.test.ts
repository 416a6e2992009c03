import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const password = async (input: object = {}): Promise<string> =>
  String((await store.ok('GetRandomPassword', { ...input }))['RandomPassword'])
const refused = (input: object) => store.refused('GetRandomPassword', input)

const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'
const classes = {
  ExcludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  ExcludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ExcludeNumbers: '0123456789',
  ExcludePunctuation: punctuation,
} as const

describe('GetRandomPassword', () => {
  describe('parameters', () => {
    it('gives 32 characters with one of each of four classes, and no space', async () => {
      const made = await password()
      expect(made).toHaveLength(32)
      for (const characters of Object.values(classes))
        expect(made.split('').some((character) => characters.includes(character))).toBe(true)
      expect(made).not.toContain(' ')
      expect(await password()).not.toBe(made)
    })

    it('gives 1 to 4096 characters', async () => {
      expect(await password({ PasswordLength: 1, RequireEachIncludedType: false })).toHaveLength(1)
      expect(await password({ PasswordLength: 4096 })).toHaveLength(4096)
    })

    it('can have each punctuation character, and a space only if it is included', async () => {
      const only = { PasswordLength: 4096, ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true }
      expect(new Set(await password(only))).toEqual(new Set(punctuation))
      expect(new Set(await password({ ...only, IncludeSpace: true }))).toEqual(new Set(`${punctuation} `))
    })

    it('never has to have a space', async () => {
      const one = { PasswordLength: 4, IncludeSpace: true }
      for (let made = 0; made < 20; made += 1) expect(await password(one)).not.toContain(' ')
    })

    it('is of spaces where nothing else is left', async () => {
      const none = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true }
      expect(await password({ ...none, IncludeSpace: true, PasswordLength: 3 })).toBe('   ')
    })
  })

  describe('errors', () => {
    it('tell what makes a password impossible', async () => {
      expect(await refused({ PasswordLength: 3 })).toBe(
        'InvalidParameterException: Password length is too short based on the required types',
      )
      expect(await refused({ ExcludeCharacters: '0123456789' })).toBe(
        'InvalidParameterException: All characters of the desired type have been excluded',
      )
      const none = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true }
      const text = 'InvalidParameterException: All characters have been excluded from selection'
      expect(await refused(none)).toBe(text)
      const digits = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true }
      expect(await refused({ ...digits, ExcludeCharacters: '0123456789', RequireEachIncludedType: false })).toBe(text)
    })

    it('come from bounds and types', async () => {
      expect(await refused({ PasswordLength: 0 })).toMatch(/^ValidationException: .*'passwordLength'.*equal to 1$/)
      expect(await refused({ PasswordLength: 4097 })).toMatch(/equal to 4096$/)
      expect(await refused({ ExcludeCharacters: 'x'.repeat(4097) })).toMatch(/^ValidationException/)
      expect(await refused({ PasswordLength: '32' })).toMatch(/^SerializationException/)
    })
  })

  it('holds to any options', async () => {
    const flag = fc.boolean()
    const options = fc.record(
      {
        PasswordLength: fc.integer({ min: 1, max: 80 }),
        ExcludeCharacters: fc.string({ maxLength: 60 }),
        ExcludeNumbers: flag,
        ExcludePunctuation: flag,
        ExcludeUppercase: flag,
        ExcludeLowercase: flag,
        IncludeSpace: flag,
        RequireEachIncludedType: flag,
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(options, async (input) => {
        const left = Object.entries(classes)
          .filter(([name]) => !input[name as keyof typeof classes])
          .map(([, characters]) => characters.split('').filter((one) => !input.ExcludeCharacters?.includes(one)))
        const all = new Set([...left.flat(), ...(input.IncludeSpace ? [' '] : [])])
        if (input.ExcludeCharacters?.includes(' ')) all.delete(' ')
        const isEach = input.RequireEachIncludedType ?? true
        const isPossible =
          all.size > 0 &&
          (!isEach ||
            (left.every((characters) => characters.length > 0) && left.length <= (input.PasswordLength ?? 32)))
        const { status, body } = await store.call('GetRandomPassword', input)
        expect(status).toBe(isPossible ? 200 : 400)
        if (!isPossible) return
        const made = String(body['RandomPassword']).split('')
        expect(made).toHaveLength(input.PasswordLength ?? 32)
        expect(made.filter((character) => !all.has(character))).toEqual([])
        if (isEach) for (const some of left) expect(made.some((character) => some.includes(character))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
