/** How JSON shows a Buffer, and any other array of bytes. */
const bufferJson = /\{"type":"Buffer","data":\[([\d,]*)\]\}/g
const bytesJson = /\{"0":\d{1,3}(?:,"\d+":\d{1,3})*\}/g

/** How texts are masked, and bytes that are none: those one character a byte. */
export interface MaskContent {
  text(text: string): string
  binary(bytes: string): string
}

const maskBinary = (bytes: Uint8Array, { binary }: MaskContent): Uint8Array => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const shown = binary(text)
  return shown === text ? bytes : Uint8Array.from(Buffer.from(shown, 'latin1'))
}

/** The bytes with the secrets in them masked; bytes that hold none stay the same object. */
export const maskBytes = (bytes: Uint8Array, content: MaskContent): Uint8Array => {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return maskBinary(bytes, content)
  }
  const shown = content.text(text)
  return shown === text ? bytes : new TextEncoder().encode(shown)
}

const remask = (json: string, bytes: Uint8Array, content: MaskContent, buffer: boolean): string => {
  const shown = maskBytes(bytes, content)
  if (shown === bytes) return json
  return buffer ? `{"type":"Buffer","data":[${shown.join(',')}]}` : JSON.stringify(shown)
}

/** A line of JSON with the secrets masked that stand in it as lists of bytes. */
export const maskJsonBytes = (line: string, content: MaskContent): string => {
  let shown = line
  if (shown.includes('Buffer","data":['))
    shown = shown.replace(bufferJson, (json, data: string) =>
      remask(json, Uint8Array.from(data === '' ? [] : data.split(','), Number), content, true),
    )
  if (shown.includes('{"0":'))
    shown = shown.replace(bytesJson, (json) =>
      remask(json, Uint8Array.from(Object.values(JSON.parse(json) as Record<string, number>)), content, false),
    )
  return shown
}
