import { readPrivateFile } from './private-file.ts'
import type { DataFolder } from './data-folder.ts'
import { findRunning } from './running-plane.ts'

/** The folder's key to the service of its plane, once there is one. */
export const readServiceKey = ({ serviceHeader }: DataFolder): string | undefined =>
  /^Authorization: Bearer (kps_[\w-]{43})\s*$/.exec(readPrivateFile(serviceHeader) ?? '')?.[1]

/** That key where it belongs: it is for the service that runs on this folder, and goes to no other. */
export const serviceKeyFor = (service: string, folder: DataFolder): string | undefined =>
  findRunning(folder)?.serviceUrl === service ? readServiceKey(folder) : undefined
