import { maskingHook, type MaskingHookOptions, type PinoMasking } from './pino.ts'

/**
 * The `logger` option for Fastify, which hands it to its pino: `fastify({ logger: maskingFastify() })`. Request and
 * reply headers, query strings, validation errors and the logger of each request are masked like any other line.
 * @throws SecretsError `config_invalid` from the first line that is logged, if Fastify's pino is older than 9.6.
 */
export const maskingFastify = <Options extends object = object>(
  options: MaskingHookOptions<Options> = {},
): Omit<Options, 'mixin' | 'hooks'> & PinoMasking => maskingHook(options)
