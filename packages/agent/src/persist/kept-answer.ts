import { BytesValue, type SecretRef, type SecretState, type SecretVersion, type Stage, TextValue } from '@keyplane/core'

/** One answer that is kept: of a secret, for one version or stage of it, to one role. */
export interface KeptAnswer {
  /** What was asked for, whatever its spelling. */
  readonly asked: Omit<SecretRef, 'id'>
  /** Under which it was asked for; the secret's own id counts too. */
  readonly spellings: ReadonlySet<string>
  readonly version: SecretVersion
  /** When the source last vouched for it, epoch milliseconds; the only thing that changes. */
  confirmedAtMs: number
  /** Whose credentials the agent had then, as far as it was known. */
  readonly account?: string
}

/** An answer as it stands in the file. */
interface StoredAnswer extends Omit<KeptAnswer, 'spellings' | 'version'> {
  readonly spellings: readonly string[]
  readonly version: Omit<SecretVersion, 'value'> & { readonly text?: string; readonly base64?: string }
}

/** One for every spelling: of the secret that was found. */
export const keyOf = (id: string, { version, stage, as }: Omit<SecretRef, 'id'>): string =>
  JSON.stringify([id, version ?? '-', stage === 'current' && version === undefined ? '-' : (stage ?? '-'), as ?? '-'])

/** Whether this id, name or spelling is the secret's. */
export const isOf = ({ version, spellings }: KeptAnswer, id: string): boolean =>
  version.id === id || version.name === id || spellings.has(id)

/**
 * The account whose credentials read it. Where that was not known then, the secret's own by its ARN, and nothing where its
 * id is no ARN: one account may read another's, but which one did can't be told any more.
 */
export const ownerOf = ({ account, version: { id } }: KeptAnswer): string | undefined =>
  account ?? /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(id)?.[1]

/** How an answer stands to what the source tells of its secret: vouched for, merely still there, or gone. */
export const standing = (
  { asked, version: { version } }: KeptAnswer,
  { versions, deletedAtMs }: SecretState,
): 'holds' | 'exists' | 'gone' => {
  const stages = version === undefined ? undefined : versions.get(version)
  if (deletedAtMs !== undefined || stages === undefined) return 'gone'
  const wanted: Stage | undefined = asked.stage ?? (asked.version === undefined ? 'current' : undefined)
  return wanted === undefined || stages.includes(wanted) ? 'holds' : 'exists'
}

export const textOf = ({ spellings, version: { value, ...facts }, ...rest }: KeptAnswer): string => {
  const stored: StoredAnswer = {
    ...rest,
    spellings: [...spellings],
    version: {
      ...facts,
      ...(value.kind === 'text'
        ? { text: value.reveal() }
        : { base64: Buffer.from(value.reveal()).toString('base64') }),
    },
  }
  return JSON.stringify(stored)
}

/** Whether they differ in no more than when they were confirmed. */
export const isSame = (one: KeptAnswer, other: KeptAnswer): boolean =>
  textOf({ ...one, confirmedAtMs: 0 }) === textOf({ ...other, confirmedAtMs: 0 })

/** Of a text whose seal was whole: it is what `textOf` gave. */
export const answerOf = (text: string): KeptAnswer => {
  const { version, spellings, ...facts } = JSON.parse(text) as StoredAnswer
  return { ...facts, spellings: new Set(spellings), version: versionOf(version) }
}

const versionOf = ({ text, base64 = '', ...facts }: StoredAnswer['version']): SecretVersion =>
  Object.freeze({
    ...facts,
    value: text === undefined ? new BytesValue(Buffer.from(base64, 'base64')) : new TextValue(text),
  })
