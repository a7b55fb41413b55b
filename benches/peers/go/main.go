// A bare net/http handler that verifies, decrypts and parses a push, and stores nothing: the yardstick of `make bench`.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strings"
)

const (
	token     = "AAAAA"
	component = "wx134c8103faa5a59e"
	aesKey    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

type envelope struct {
	ToUserName string
	Encrypt    string
}

type message struct {
	ToUserName   string
	FromUserName string
	CreateTime   int64
	MsgType      string
	Content      string
	MsgId        int64
}

func main() {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		panic(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			http.Error(w, "bad", 400)
			return
		}
		var outer envelope
		if xml.Unmarshal(body, &outer) != nil {
			http.Error(w, "bad", 400)
			return
		}
		query := r.URL.Query()
		parts := []string{token, query.Get("timestamp"), query.Get("nonce"), outer.Encrypt}
		sort.Strings(parts)
		sum := sha1.Sum([]byte(strings.Join(parts, "")))
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(query.Get("msg_signature"))) != 1 {
			http.Error(w, "forbidden", 403)
			return
		}
		data, err := base64.StdEncoding.DecodeString(outer.Encrypt)
		if err != nil || len(data) == 0 || len(data)%16 != 0 {
			http.Error(w, "bad", 400)
			return
		}
		cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(data, data)
		pad := int(data[len(data)-1])
		if pad < 1 || pad > 32 || pad > len(data) {
			http.Error(w, "bad", 400)
			return
		}
		data = data[:len(data)-pad]
		if len(data) < 20 {
			http.Error(w, "bad", 400)
			return
		}
		n := int(binary.BigEndian.Uint32(data[16:20]))
		if 20+n > len(data) || string(data[20+n:]) != component {
			http.Error(w, "forbidden", 403)
			return
		}
		var inner message
		if xml.Unmarshal(data[20:20+n], &inner) != nil || inner.MsgId == 0 {
			http.Error(w, "bad", 400)
			return
		}
		io.WriteString(w, "success")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	panic(http.Serve(listener, http.HandlerFunc(handler)))
}
