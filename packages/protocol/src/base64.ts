/** Bytes as padded base64. */
export const encodeBase64 = (bytes: Uint8Array): string => {
  let binary = ''
  // In slices, because a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}

/** The bytes of padded base64 of the standard alphabet, or `undefined` where the text is anything else. */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined
  const binary = atob(text)
  return Uint8Array.from({ length: binary.length }, (_, index) => binary.charCodeAt(index))
}
