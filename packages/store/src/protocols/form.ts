import { Buffer } from 'node:buffer'
import { awsError } from '../aws-errors.ts'
import type { AppRequest } from './protocol.ts'

/** The longest web identity token fits three times, and more tags than a session can carry. */
const maxBytes = 65_536
const maxFields = 1_000

const forms = new WeakMap<AppRequest, URLSearchParams>()

/**
 * The form of a query call, read once. A presigned call, and one without a body, has it in the target's query. It is read
 * before anything is proved, so what takes long to read is refused unread.
 * @throws AwsError SerializationException for more than 64 KiB or 1,000 fields
 */
export const formOf = (request: AppRequest): URLSearchParams => {
  const known = forms.get(request)
  if (known) return known
  const form = new URLSearchParams(textOf(request))
  forms.set(request, form)
  return form
}

const textOf = ({ method, target, body }: AppRequest): string => {
  if (method === 'GET' || body.length === 0) return target.replace(/^[^?]*\??/, '')
  if (body.length > maxBytes) throw awsError('SerializationException', `A form has at most ${maxBytes} bytes.`)
  if (countOf(body, ampersand) > maxFields)
    throw awsError('SerializationException', `A form has at most ${maxFields} fields.`)
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
}

const ampersand = 0x26

const countOf = (bytes: Uint8Array, wanted: number): number => {
  let count = 0
  for (const byte of bytes) if (byte === wanted) count += 1
  return count
}
