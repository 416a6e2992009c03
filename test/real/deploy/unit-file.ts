import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A file of `deploy/`. */
export const deployFile = (path: string): string => fileURLToPath(new URL(`../../../deploy/${path}`, import.meta.url))

/** The settings of a unit by name: all values of each, in their order. */
export const unitSettings = (text: string): ReadonlyMap<string, readonly string[]> => {
  const settings = new Map<string, string[]>()
  for (const [, key = '', value = ''] of text.matchAll(/^(\w+)=(.*)$/gm))
    settings.set(key, [...(settings.get(key) ?? []), value])
  return settings
}

/** Those of one of ours. */
export const readUnit = (name: string): ReadonlyMap<string, readonly string[]> =>
  unitSettings(readFileSync(deployFile(`ec2/${name}`), 'utf8'))

/**
 * What systemd would run for a service, as a line of shell for root: its folders, then its command as its user, without
 * privileges. `read-only` adds that nothing but its own folders can be written, and that /proc shows processes only.
 */
export const asService = (
  unit: ReadonlyMap<string, readonly string[]>,
  environment: Readonly<Record<string, string>> = {},
): string => {
  const one = (key: string): string => unit.get(key)?.at(-1) ?? ''
  const [user, group, home] = [one('User'), one('Group'), one('WorkingDirectory')]
  const [logs, runtime] = [`/var/log/${one('LogsDirectory')}`, `/run/${one('RuntimeDirectory')}`]
  const own = (folder: string, mode: string) => `install -d -m ${mode} -o ${user} -g ${group} ${folder}`
  const writable = [logs, runtime, ...(unit.get('ReadWritePaths') ?? []).map((path) => path.replace(/^-/, ''))]
  const sandbox = [
    'set -e',
    ...writable.map((folder) => `mount --bind ${folder} ${folder}`),
    ...['/', '/etc', '/opt', '/run', '/var/log'].map((folder) => `mount -o remount,bind,ro ${folder}`),
    'mount -t tmpfs tmpfs /tmp',
    'mount -t proc -o subset=pid,hidepid=invisible proc /proc',
    `cd ${home}`,
  ]
  const variables = [
    ...(unit.get('Environment') ?? []),
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ]
  const drop = `setpriv --reuid=${user} --regid=${group} --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all`
  const inner = `${sandbox.join('; ')}; exec ${drop} env -i ${variables.join(' ')} ${one('ExecStart')}`
  return [
    own(logs, one('LogsDirectoryMode')),
    own(runtime, one('RuntimeDirectoryMode')),
    `exec unshare --mount --propagation private sh -c '${inner}'`,
  ].join('; ')
}
