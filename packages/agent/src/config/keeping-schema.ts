import { type Option, option } from './schema.ts'
import { anyText } from './value-readers.ts'

/** What the agent keeps on the disk: its audit log, and answers for a restart while the source is away. */
export const keepingOptions: Readonly<Record<string, Option>> = {
  audit_folder: option(undefined, anyText, (auditFolder?: string) =>
    auditFolder === undefined ? {} : { auditFolder },
  ),
  persist_file: option(undefined, anyText, (persistFile?: string) =>
    persistFile === undefined ? {} : { persistFile },
  ),
  persist_key_file: option(undefined, anyText, (persistKeyFile?: string) =>
    persistKeyFile === undefined ? {} : { persistKeyFile },
  ),
}
