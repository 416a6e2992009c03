import { dirname, resolve } from 'node:path'
import { webhookTarget } from '../alerts/webhook-target.ts'
import type { AlertsConfig } from './service-config.ts'
import type { WrittenService } from './written.ts'
import type { YamlFile } from './yaml-file.ts'

const defaultRepeatMs = 3_600_000

/** What is told to whom, after what is wrong with it was told. */
export const alertsOf = ({ alerts = {} }: WrittenService, file: YamlFile): AlertsConfig => {
  const { webhook } = alerts
  if (!webhook) return { repeatEveryMs: defaultRepeatMs }
  const { url, urlFile, secretFile, repeatEvery = defaultRepeatMs } = webhook
  const at = ['alerts', 'webhook']
  if ((url === undefined) === (urlFile === undefined)) file.complain(at, 'needs url or urlFile, one of them')
  if (url !== undefined)
    try {
      webhookTarget(url)
    } catch (thrown) {
      file.complain([...at, 'url'], (thrown as Error).message)
    }
  if (repeatEvery > 0 && repeatEvery < 60_000) file.complain([...at, 'repeatEvery'], 'must be 0 or at least 1m')
  const placed = (path: string): string => resolve(dirname(file.name), path)
  const place = urlFile === undefined ? { url: url ?? '' } : { urlFile: placed(urlFile) }
  const secret = secretFile === undefined ? {} : { secretFile: placed(secretFile) }
  return Object.freeze({ webhook: { ...place, ...secret }, repeatEveryMs: repeatEvery })
}
