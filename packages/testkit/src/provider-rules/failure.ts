import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type ErrorCode, SecretsError } from '@keyplane/core'

/** The error of a call that has to fail, and with one of ours. */
export const rejection = async (act: () => Promise<unknown>): Promise<SecretsError> => {
  try {
    await act()
  } catch (error) {
    assert.ok(error instanceof SecretsError, `expected a SecretsError, got ${inspect(error)}`)
    return error
  }
  assert.fail('expected a rejection')
}

/** The error of a call that has to fail by one of these codes. */
export const failsWith = async (act: () => Promise<unknown>, ...codes: ErrorCode[]): Promise<SecretsError> => {
  const error = await rejection(act)
  assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message}`)
  return error
}
