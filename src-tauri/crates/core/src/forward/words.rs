//! Why a request was not answered well, in words.

use crate::dto::{Bilingual, DeliveryError};

/// The words of an error; `status` is said where there was one.
pub(crate) fn words(error: DeliveryError, status: Option<u16>) -> Bilingual {
    let (zh, en) = match error {
        DeliveryError::Dns => ("域名解析失败", "The name could not be resolved"),
        DeliveryError::PrivateAddress => (
            "地址在内网或本机，而该服务器未允许内网地址",
            "It lies inside a network, which is not allowed for this server",
        ),
        DeliveryError::Connect => ("无法建立连接", "No connection could be made"),
        DeliveryError::Tls => ("TLS 握手失败，请检查证书", "TLS failed; check the certificate"),
        DeliveryError::Timeout => ("未在时限内应答", "No answer in time"),
        DeliveryError::Broken => ("连接中断", "The connection broke"),
        DeliveryError::Status => {
            return match status {
                Some(status) => Bilingual {
                    zh: format!("应答状态码 {status}，不是 2xx"),
                    en: format!("Answered {status}, not 2xx"),
                },
                None => Bilingual {
                    zh: "应答的状态码不是 2xx".to_owned(),
                    en: "Answered with another status than 2xx".to_owned(),
                },
            };
        }
        DeliveryError::Redirect => ("应答是重定向，不会跟随", "Answered with a redirect, which is not followed"),
        DeliveryError::TooLarge => ("应答超过 64 KiB", "The answer is longer than 64 KiB"),
        DeliveryError::BadReply => (
            "应答既不是空、success，也不是可用的被动回复",
            "The answer is neither empty, nor success, nor a passive reply that can be used",
        ),
        DeliveryError::BadSeal => (
            "应答的密文无法用平台的 Token 与密钥验证",
            "The encrypted answer does not match the platform's Token and key",
        ),
        DeliveryError::Open => ("连续失败过多，暂停请求", "Not asked: it failed too often in a row"),
        DeliveryError::Busy => ("并发已满，时限内没有空位", "Not asked: no place was free in time"),
        DeliveryError::NoKey => {
            ("缺少当时的密钥，无法重新生成密文", "The encrypted form cannot be made again: its key is gone")
        }
        DeliveryError::Stopped => {
            ("未送出：目标已停用或程序正在停止", "Not sent: it is switched off, or the program stops")
        }
    };
    Bilingual { zh: zh.to_owned(), en: en.to_owned() }
}
