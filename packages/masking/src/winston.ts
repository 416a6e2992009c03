import { currentLogContext } from './log-context.ts'
import { createMasker, type Masker, type MaskerOptions } from './masker.ts'

/** A log entry as winston passes it from format to format. */
export interface WinstonInfo {
  level: string
  message: unknown
  [field: string | symbol]: unknown
}

/** A format of winston's, by its shape. */
export interface WinstonFormat {
  /** What winston passes to `transform`. */
  options?: object
  transform(info: WinstonInfo, options?: unknown): WinstonInfo | boolean
}

/** Where winston keeps the finished line, and the arguments that are still to be put into the message. */
const finishedLine = Symbol.for('message')
const splat = Symbol.for('splat')

/** Copies the entry, an Error itself if that is what was logged, so that the formats see the kind that they look for. */
const maskBefore = (info: WinstonInfo, masker: Masker): WinstonInfo => {
  const shown = masker.data(info)
  const context = masker.data(currentLogContext())
  for (const [field, value] of Object.entries(context)) if (!Object.hasOwn(shown, field)) shown[field] = value
  // Masked with its arguments in it, afterwards: `password=%s` must not lose its `%s`.
  if (Array.isArray(info[splat]) && typeof info.message === 'string' && info.message.includes('%'))
    shown.message = info.message
  return shown
}

const maskAfter = (info: WinstonInfo, masker: Masker): WinstonInfo => {
  const line = info[finishedLine]
  const shown = masker.data(info)
  if (typeof line === 'string') shown[finishedLine] = masker.line(line)
  return shown
}

/**
 * A winston format around yours: `createLogger({ format: maskingFormat(format.json()) })`. Context joins, fields are
 * masked, your format makes its line of them, and the line is masked as well.
 */
export const maskingFormat = (format: WinstonFormat, options: MaskerOptions = {}): WinstonFormat => {
  const masker = createMasker(options)
  return {
    transform: (info) => {
      const made = format.transform(maskBefore(info, masker), format.options)
      return typeof made === 'object' ? maskAfter(made, masker) : made
    },
  }
}
