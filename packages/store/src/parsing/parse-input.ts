import { awsError } from '../aws-errors.ts'
import { type Problems, readMembers, type Shape } from './member.ts'

/**
 * An operation's input from its members.
 * @throws AwsError SerializationException for a member of another type, ValidationException with all constraints that do
 * not hold. Neither repeats what was sent.
 */
export const parseInput = <Input>(shape: Shape<Input>, members: unknown): Input => {
  const problems: Problems = []
  const input = readMembers(shape, members, '', problems)
  if (problems.length === 0) return input
  const count = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`
  throw awsError('ValidationException', `${count} detected: ${problems.join('; ')}`)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The members in the body of a JSON 1.1 request.
 * @throws AwsError SerializationException for what is not JSON
 */
export const parseJson = (body: Uint8Array): unknown => {
  if (body.length === 0) return {}
  try {
    return JSON.parse(utf8.decode(body))
  } catch {
    // JSON.parse's own message quotes the body.
    throw awsError('SerializationException', 'The request body is not valid JSON.')
  }
}
