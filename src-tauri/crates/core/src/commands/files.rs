//! Domain verification files: add, list, remove. They are served by the public door at its root.

use base64::Engine as _;
use bytes::Bytes;

use crate::core::Core;
use crate::dto::VerificationFile;
use crate::error::AppError;
use crate::store::tables::verification_file::{self as table, FileRow};

/// Longest name with its ending, characters. WeChat's are under 30.
const MAX_NAME: usize = 84;
/// Largest file, bytes. WeChat's are 16 to 32; this leaves room for other checks of the domain.
const MAX_SIZE: usize = 64 << 10;
/// At most so many files: they are kept in memory for the door.
const MAX_FILES: usize = 100;

fn name_error(rule: &str, en: &str, zh: &str) -> AppError {
    AppError::invalid_field("name", rule, en, zh)
}

/// Letters, digits, `_`, `-` and `.`, ending in `.txt`: nothing that could be another path.
fn check_name(name: &str) -> Result<(), AppError> {
    let Some(stem) = name.strip_suffix(".txt") else {
        return Err(name_error("format", "must end in .txt", "须以 .txt 结尾"));
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if stem.is_empty() || name.len() > MAX_NAME || !stem.bytes().all(plain) || stem.starts_with('.') {
        return Err(name_error(
            "format",
            "must be 1 to 80 letters, digits, _ - or . before .txt",
            "文件名须为 1–80 位字母、数字、_、- 或 .，以 .txt 结尾",
        ));
    }
    Ok(())
}

impl Core {
    fn file_view(&self, name: &str, size: usize, added_at: i64) -> VerificationFile {
        let urls = crate::check::bases(self).iter().map(|b| format!("{}/{name}", b.trim_end_matches('/'))).collect();
        VerificationFile { name: name.to_owned(), size: i64::try_from(size).unwrap_or(0), added_at, urls }
    }

    /// All verification files, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_verification_files(&self) -> Result<Vec<VerificationFile>, AppError> {
        let rows = self.store().read(table::list).await?;
        Ok(rows.iter().map(|r| self.file_view(&r.name, r.content.len(), r.added_at)).collect())
    }

    /// Adds a file, or replaces the one of that name. The door serves it at once.
    ///
    /// # Errors
    /// `InvalidInput` for `name` and `content`; the store's.
    pub async fn add_verification_file(&self, name: &str, content: Vec<u8>) -> Result<VerificationFile, AppError> {
        check_name(name)?;
        if content.is_empty() || content.len() > MAX_SIZE {
            let (en, zh) = ("must be 1 byte to 64 KiB", "文件内容须为 1 字节至 64 KB");
            return Err(AppError::invalid_field("content", "size", en, zh));
        }
        if self.public_files().count() >= MAX_FILES && self.public_files().get(name).is_none() {
            return Err(name_error(
                "count",
                "there are 100 files already; remove one",
                "已有 100 个文件，请先删除一些",
            ));
        }
        let row = FileRow { name: name.to_owned(), content, added_at: self.clock().now() };
        let served = Bytes::copy_from_slice(&row.content);
        let view = self.file_view(name, served.len(), row.added_at);
        self.store().write(move |tx| table::put(tx, &row)).await?;
        self.public_files().put(name, served);
        self.changes().tell(["files"]);
        Ok(view)
    }

    /// The same from Base64, as the window sends it.
    ///
    /// # Errors
    /// `InvalidInput`, also for bad Base64; the store's.
    pub async fn add_verification_file_base64(&self, name: &str, content: &str) -> Result<VerificationFile, AppError> {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(content)
            .map_err(|_| AppError::invalid_field("content", "base64", "must be Base64", "须为 Base64"))?;
        self.add_verification_file(name, bytes).await
    }

    /// Removes a file; the door serves it no more.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_verification_file(&self, name: &str) -> Result<(), AppError> {
        let wanted = name.to_owned();
        if !self.store().write(move |tx| table::remove(tx, &wanted)).await? {
            return Err(AppError::not_found("verification file", name));
        }
        self.public_files().remove(name);
        self.changes().tell(["files"]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_files_at_the_root_and_nothing_else() {
        for good in ["MP_verify_7vd0KpvN6c1fTlGq.txt", "6ynZPDvfTF.txt", "a.txt", "ss-cert.v2.txt"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = format!("{}.txt", "a".repeat(81));
        for bad in [
            "", ".txt", "a", "a.html", "../a.txt", "a/b.txt", "a\\b.txt", "a b.txt", "..txt", "é.txt", "a%2f.txt",
            &long,
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
