import { SecretsError } from '@keyplane/core'
import { currentLogContext, noLogContext } from './log-context.ts'
import { createMasker, type MaskerOptions } from './masker.ts'

type Mixin = (mergeObject: object, level: number, logger: object) => object
type MergeStrategy = (mergeObject: object, mixinObject: object) => object
type StreamWrite = (line: string) => string

/** The options of pino that masking shares with its user, as far as it touches them. */
interface SharedOptions {
  readonly mixin?: Mixin | undefined
  readonly mixinMergeStrategy?: MergeStrategy | undefined
  readonly hooks?: { readonly streamWrite?: StreamWrite | undefined } | undefined
}

/** What masking adds to pino's options. */
export interface PinoMasking {
  mixin(mergeObject: object, level: number, logger: object): object
  mixinMergeStrategy(mergeObject: object, mixinObject: object): object
  readonly hooks: { streamWrite(line: string): string }
}

export interface MaskingHookOptions<Options extends object> extends MaskerOptions {
  /** The logger's other options. Default: none. `mixin` and `hooks` belong here, or they would replace the masking. */
  readonly pino?: Options
}

/** What pino does by default: the line's own fields win. */
const joinOver: MergeStrategy = (mergeObject, mixinObject) => Object.assign(mixinObject, mergeObject)

/** pino 9.6 was the first to call `hooks.streamWrite`; an older one would write the line unmasked. */
const requireStreamWrite = (logger: { readonly version?: string } | undefined): void => {
  const [major = 0, minor = 0] = (logger?.version ?? '').split('.').map(Number)
  if (major > 9 || (major === 9 && minor >= 6)) return
  throw new SecretsError(
    'config_invalid',
    'Masking needs pino 9.6 or later: an older one does not let it see the line.',
  )
}

/**
 * Options for pino, to spread into `pino({ ...maskingHook() })`: every line is masked as it is written, so whatever
 * put a field there (bindings, serializers, mixin, format arguments), it is covered. Context joins before.
 * @throws SecretsError `config_invalid` from the first line that is logged, if pino is older than 9.6.
 */
export const maskingHook = <Options extends object = object>(
  options: MaskingHookOptions<Options> = {},
): Omit<Options, 'mixin' | 'hooks'> & PinoMasking => {
  const { pino = {} as Options } = options
  const { mixin: theirMixin, mixinMergeStrategy: merge = joinOver, hooks: theirHooks } = pino as SharedOptions
  const masker = createMasker(options)
  const theirWrite = theirHooks?.streamWrite
  let checked = false
  let nothing: object | undefined
  return {
    ...pino,
    mixin: (mergeObject: object, level: number, logger: object) => {
      if (!checked) requireStreamWrite(logger)
      checked = true
      const context = currentLogContext()
      if (context === noLogContext && !theirMixin) return (nothing = {})
      return { ...context, ...theirMixin?.(mergeObject, level, logger) }
    },
    // A line without context is not copied to add nothing to it.
    mixinMergeStrategy: (mergeObject: object, mixinObject: object) =>
      mixinObject === nothing ? mergeObject : merge(mergeObject, mixinObject),
    hooks: { ...theirHooks, streamWrite: (line: string) => masker.line(theirWrite ? theirWrite(line) : line) },
  }
}
