//! The WeChat third-party platform protocol: wire types, message crypto and typed calls over a [`Transport`].
//!
//! Owns: what goes over the wire between WeChat and a component (XML pushes, JSON calls, links, error codes).
//! Must not: know a database, an async runtime, a clock or a socket. Whatever needs "now" takes it as a parameter.
//! Invariant: no `Debug`, `Display` or error text of this crate ever shows a token, ticket, code, key or secret.

pub mod account;
pub mod api;
pub mod apis;
pub mod crypto;
pub mod customer;
pub mod envelope;
pub mod error;
pub mod errors;
pub mod event;
pub mod links;
pub mod menu;
pub mod message;
pub mod multipart;
pub mod permission;
pub mod release;
pub mod reply;
pub mod secret;
pub mod transport;
pub mod url_check;
pub mod xml;

pub use account::AccountKind;
pub use crypto::{
    AesKey, CryptoError, Decrypted, KeyUsed, MessageCrypto, generate_encoding_aes_key, generate_token, msg_signature,
    url_signature,
};
pub use envelope::{
    Envelope, EnvelopeError, PushForm, PushQuery, build_event_envelope, build_message_envelope, form_of, parse_envelope,
};
pub use error::{ApiError, CallError, ErrorClass};
pub use errors::{ErrorAdvice, advice};
pub use event::{Authorization, ComponentEvent, ComponentEventKind, parse_component_event};
pub use links::AuthorizeLink;
pub use message::{Message, MessageHead, MessageKind, parse_message, parse_message_head};
pub use secret::{Secret, SecretString};
pub use transport::{ApiRequest, ApiResponse, BoxFuture, Host, Method, Transport, TransportError};
pub use xml::{XmlError, XmlFields, XmlNode, XmlWriter};
