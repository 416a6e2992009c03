/**
 * Keeps secrets out of logs. Use `maskSecrets` on data that is about to be shown, the hook for your logger to have every
 * line masked, and `maskStream` for the output of a program. It finds secrets by the names of their fields, by their
 * form in text, and by their value where that was registered (`processValues().note`), in whatever encoding. It never
 * changes what it is given, never throws because of it, and cannot know a secret that stands alone, without name, form
 * or registration.
 */
export { maskConsole } from './console.ts'
export { maskingFastify } from './fastify.ts'
export { currentLogContext, type LogContext, withLogContext } from './log-context.ts'
export { maskSecret } from './mask-secret.ts'
export {
  createMasker,
  type Masker,
  type MaskerOptions,
  maskSecrets,
  maskSecrets as maskSecretsInDict,
  maskText,
} from './masker.ts'
export { createStreamMasker, maskStream, type MaskStreamOptions, type StreamMasker } from './mask-stream.ts'
export { type MaskingHookOptions, maskingHook, type PinoMasking } from './pino.ts'
export type { MaskedValues } from './values/mask-values.ts'
export { processValues } from './values/process-values.ts'
export { createValueRegistry, type ValueRegistry, type ValueRegistryOptions } from './values/value-registry.ts'
export { maskingFormat, type WinstonFormat, type WinstonInfo } from './winston.ts'
