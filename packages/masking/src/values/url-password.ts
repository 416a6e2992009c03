const withLogin = /^[a-z][\w+.-]*:\/\/([^\s/?#]*)@/i

/** The password in a value that is a URL with one, as it stands and decoded: programs show it by itself. None in any other. */
export const urlPassword = (whole: string): readonly string[] => {
  const login = withLogin.exec(whole)?.[1] ?? ''
  const at = login.indexOf(':')
  if (at === -1 || at === login.length - 1) return []
  const raw = login.slice(at + 1)
  try {
    return [...new Set([raw, decodeURIComponent(raw)])]
  } catch {
    return [raw]
  }
}
