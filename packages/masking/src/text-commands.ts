import { mask } from './mask.ts'

/** `PASSWORD 'X'`, `IDENTIFIED WITH plugin BY 'X'`. */
const sqlPassword =
  /(?<![\w"'`-])(password|identified(?:\s{1,9}with\s{1,9}[\w'"]{1,64})?\s{1,9}by(?:\s{1,9}password)?)(\s{1,9})(["'])(?![\s:=,;|)}\]])(?:(?!\3)[^\\\r\n]|\\.|\3\3){1,256}\3(?!\s{0,9}[:=])/gi

const curl = /\bcurl\b[^\r\n]*/g
/** What is masked already stays, with the punctuation behind it. */
const curlUser =
  /((?<![^\s"'[,])(?:-u|--user|--proxy-user)[\s=]{0,9})(?:(\\*["'])([^\s"':\\]{0,128}):[^"'\\]{1,256}\2|([^\s"':]{0,128}):(?!\*{4}[^\w\s"']{0,9}(?:[\s"']|$))[^\s"']+)/g
const sshpass = /\b(sshpass[ \t]{1,9}(?:-[ev][ \t]{1,9})?-p[ \t]{0,9})("[^"\r\n]*"|'[^'\r\n]*'|[^\s"']+)/g
/** A blank after `-p` makes it a question, and the next word the name of a database. */
const mysql = /\b(?:mysql(?:dump|admin)?|mariadb)(?=[ \t]+-)[^\r\n]*/g
const mysqlPassword = /([ \t]-p)("[^"\r\n]*"|'[^'\r\n]*'|[^\s"']+)/g
const opensslPass = /(-pass(?:in|out)?[ \t]{1,9}["']?pass:)[^\s"']+/g

const maskCurl = (command: string): string =>
  command.replace(
    curlUser,
    (_, option: string, quote = '', quoted = '', bare = '') =>
      `${option}${quote as string}${(quoted as string) || (bare as string)}:${mask}${quote as string}`,
  )

const anyCommand = /password\s|identified\s|curl|sshpass|mysql|mariadb|-pass/i

/** The text with the passwords masked that stand in it as commands of shells and of databases take them. */
export const maskCommands = (text: string): string => {
  if (!anyCommand.test(text)) return text
  let shown = text
  if (/password|identified/i.test(shown)) shown = shown.replace(sqlPassword, `$1$2$3${mask}$3`)
  if (shown.includes('curl')) shown = shown.replace(curl, maskCurl)
  if (shown.includes('sshpass')) shown = shown.replace(sshpass, `$1${mask}`)
  if (/mysql|mariadb/.test(shown)) shown = shown.replace(mysql, (found) => found.replace(mysqlPassword, `$1${mask}`))
  return shown.includes('-pass') ? shown.replace(opensslPass, `$1${mask}`) : shown
}
