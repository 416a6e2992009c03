import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'

const pageBytes = 4_096

/** Overwrites all pages of a SQLite file but the first two, under whoever has it open. */
export const damagePages = (path: string): void => {
  const file = openSync(path, 'r+')
  for (let page = 2; page < fstatSync(file).size / pageBytes; page += 1)
    writeSync(file, Buffer.alloc(pageBytes, 0xab), 0, pageBytes, page * pageBytes)
  closeSync(file)
}
