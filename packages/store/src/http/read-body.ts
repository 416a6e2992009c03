import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/** A request's whole body, if it has at most `maxBytes` and arrives. */
export const readBody = (request: IncomingMessage, maxBytes: number): Promise<Uint8Array | 'too large' | 'aborted'> => {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve('too large')
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) chunks.push(chunk)
      else resolve('too large')
    })
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    request.once('error', () => resolve('aborted'))
    request.once('close', () => resolve('aborted'))
  })
}
