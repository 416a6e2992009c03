/** How JSON shows a Buffer, and any other array of bytes. */
const bufferJson = /\{"type":"Buffer","data":\[([\d,]*)\]\}/g
const bytesJson = /\{"0":\d{1,3}(?:,"\d+":\d{1,3})*\}/g

/** The bytes with the secrets of their text masked; bytes that are no text or hold none stay the same object. */
export const maskBytes = (bytes: Uint8Array, maskText: (text: string) => string): Uint8Array => {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
  const shown = maskText(text)
  return shown === text ? bytes : new TextEncoder().encode(shown)
}

const remask = (json: string, bytes: Uint8Array, maskText: (text: string) => string, buffer: boolean): string => {
  const shown = maskBytes(bytes, maskText)
  if (shown === bytes) return json
  return buffer ? `{"type":"Buffer","data":[${shown.join(',')}]}` : JSON.stringify(shown)
}

/** A line of JSON with the secrets masked that stand in it as lists of bytes. */
export const maskJsonBytes = (line: string, maskText: (text: string) => string): string => {
  let shown = line
  if (shown.includes('"type":"Buffer"'))
    shown = shown.replace(bufferJson, (json, data: string) =>
      remask(json, Uint8Array.from(data === '' ? [] : data.split(','), Number), maskText, true),
    )
  if (shown.includes('{"0":'))
    shown = shown.replace(bytesJson, (json) =>
      remask(json, Uint8Array.from(Object.values(JSON.parse(json) as Record<string, number>)), maskText, false),
    )
  return shown
}
