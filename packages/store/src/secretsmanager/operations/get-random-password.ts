import type { GetRandomPasswordRequest, GetRandomPasswordResponse } from '@keyplane/aws'
import type { OperationContext } from '../../operation-context.ts'
import { flag, integer, type Shape, text } from '../../parsing/member.ts'
import { randomPassword } from '../random-password.ts'

export const getRandomPasswordShape: Shape<GetRandomPasswordRequest> = {
  PasswordLength: integer({ min: 1, max: 4096 }),
  ExcludeCharacters: text({ max: 4096 }),
  ExcludeNumbers: flag(),
  ExcludePunctuation: flag(),
  ExcludeUppercase: flag(),
  ExcludeLowercase: flag(),
  IncludeSpace: flag(),
  RequireEachIncludedType: flag(),
}

/** Makes a password. Nothing of it is kept. */
export const getRandomPassword = async (
  { random }: OperationContext,
  input: GetRandomPasswordRequest,
): Promise<GetRandomPasswordResponse> => ({ RandomPassword: randomPassword(input, random) })
