import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type Random, uuid } from '@keyplane/core'
import { encodeServiceError, problemType } from '@keyplane/protocol'
import { answerHeaders } from './answer-headers.ts'

const tooSlow = { status: 408, message: 'The request did not come to its end in time.' }
const tooLong = { status: 431, message: 'The headers are too long.' }
const noHttp = { status: 400, message: 'This is no HTTP that is understood here.' }

const kinds: Readonly<Record<string, typeof noHttp>> = {
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
  HPE_HEADER_OVERFLOW: tooLong,
}

export interface AnswerBrokenParts {
  readonly random: Random
  readonly secure: boolean
}

/** Answers what never became a request as all else that fails, and ends the connection. */
export const answerBroken =
  ({ random, secure }: AnswerBrokenParts): ((error: NodeJS.ErrnoException, socket: Socket) => void) =>
  (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    const { status, message } = kinds[error.code ?? ''] ?? noHttp
    const requestId = uuid(random)
    const body = encodeServiceError({ code: 'invalid_request', message, requestId }, status)
    const headers = {
      ...answerHeaders(requestId, secure),
      connection: 'close',
      'content-type': problemType,
      'content-length': Buffer.byteLength(body),
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    if (socket.writable) socket.write([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'))
    socket.destroy()
  }
