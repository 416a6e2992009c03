import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { awsError } from '../../aws-errors.ts'

/** The last secret of a page: the next one begins behind it. */
export interface PagePosition {
  readonly value: string | number
  readonly id: string
}

/**
 * The token that continues a listing. It says where, and for which query: it is refused by every other. It grants
 * nothing, since each page is authorised as the first was.
 */
export const pageToken = ({ value, id }: PagePosition, query: unknown): string =>
  Buffer.from(JSON.stringify([1, fingerprint(query), value, id])).toString('base64url')

/** @throws AwsError InvalidNextTokenException for a token that was not given for this query. */
export const pagePosition = (token: string, query: unknown, sortsByText: boolean): PagePosition => {
  const parts = decoded(token)
  if (!Array.isArray(parts) || parts.length !== 4) throw invalid()
  const [version, print, value, id] = parts as readonly unknown[]
  const typed = typeof value === (sortsByText ? 'string' : 'number') && typeof id === 'string'
  if (version !== 1 || print !== fingerprint(query) || !typed) throw invalid()
  return { value: value as string | number, id }
}

const decoded = (token: string): unknown => {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString())
  } catch {
    return undefined
  }
}

const fingerprint = (query: unknown): string =>
  createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 22)

const invalid = (): Error => awsError('InvalidNextTokenException', 'The NextToken value is invalid.')
