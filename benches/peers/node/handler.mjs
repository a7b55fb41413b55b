// A Node http handler on @wecom/crypto that verifies, decrypts and parses a push, and stores nothing.
import http from 'node:http'
import { decrypt, getSignature } from '@wecom/crypto'
import { XMLParser } from 'fast-xml-parser'

const token = 'AAAAA'
const key = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const component = 'wx134c8103faa5a59e'
const parser = new XMLParser({ parseTagValue: false })

const server = http.createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    try {
      const query = new URL(request.url, 'http://x').searchParams
      const outer = parser.parse(Buffer.concat(chunks).toString()).xml
      const signature = getSignature(token, query.get('timestamp'), query.get('nonce'), outer.Encrypt)
      if (signature !== query.get('msg_signature')) throw new Error('signature')
      const { message, id } = decrypt(key, outer.Encrypt)
      if (id !== component || !parser.parse(message).xml.MsgId) throw new Error('appid')
      response.end('success')
    } catch {
      response.statusCode = 403
      response.end('forbidden')
    }
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
