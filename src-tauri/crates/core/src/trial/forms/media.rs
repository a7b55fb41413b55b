//! Media and material (protocol I.3).

use serde_json::json;

use super::{Form, OFFICIAL, choice, file, get, number, part, post, text, upload};

const SETS: &[i64] = &[11];

fn permanent(form: Form) -> Form {
    form.sets(SETS).kinds(OFFICIAL)
}

pub(super) fn forms() -> Vec<Form> {
    let media = || file("media", ("文件", "File"));
    vec![
        upload(
            "media_upload",
            "media",
            ("上传临时素材", "Upload temporary media"),
            (
                "得到 media_id，3 天内可重复使用。图片 png/jpeg/gif，语音 AMR/MP3 不超过 60 秒，视频 MP4，缩略图 JPG 64 KB。",
                "Answers a media_id for 3 days. Pictures png/jpeg/gif, voice AMR/MP3 up to 60 s, video MP4, thumbs JPG up to 64 KB.",
            ),
            "/cgi-bin/media/upload",
        )
        .sets(SETS)
        .changes()
        .field(choice("type", ("类型", "Kind"), &["image", "voice", "video", "thumb"]))
        .field(media()),
        get(
            "media_get",
            "media",
            ("获取临时素材", "Get temporary media"),
            ("下载文件；视频得到下载链接。", "Downloads the file; of a video, its address."),
            "/cgi-bin/media/get",
        )
        .sets(SETS)
        .field(text("media_id", ("素材 media_id", "media_id of the material")).required()),
        permanent(upload(
            "media_uploadimg",
            "media",
            ("上传图文内图片", "Upload an article's picture"),
            ("得到只能在图文正文中使用的链接。", "Answers a URL that works inside articles only."),
            "/cgi-bin/media/uploadimg",
        ))
        .changes()
        .field(media()),
        permanent(get(
            "material_count",
            "media",
            ("获取素材总数", "Count permanent material"),
            ("各类永久素材的数量。", "How many there are of each kind."),
            "/cgi-bin/material/get_materialcount",
        )),
        permanent(post(
            "material_list",
            "media",
            ("获取素材列表", "List permanent material"),
            ("分页列出永久素材，每页 1–20 个。", "Lists permanent material, 1 to 20 a page."),
            "/cgi-bin/material/batchget_material",
            json!({ "type": "image", "offset": 0, "count": 20 }),
        ))
        .field(choice("/type", ("类型", "Kind"), &["image", "video", "voice", "news"]))
        .field(number("/offset", ("起始位置", "Offset")).required())
        .field(number("/count", ("数量（1–20）", "Count (1 to 20)")).required()),
        permanent(post(
            "material_get",
            "media",
            ("获取永久素材", "Get permanent material"),
            ("图文与视频得到 JSON，其他得到文件。", "JSON of articles and videos, the file of others."),
            "/cgi-bin/material/get_material",
            json!({ "media_id": "" }),
        ))
        .field(text("/media_id", ("素材 media_id", "media_id of the material")).required()),
        permanent(upload(
            "material_add",
            "media",
            ("新增永久素材", "Add permanent material"),
            ("图片、语音或缩略图，占用素材库数量。", "A picture, voice or thumb; the library is limited."),
            "/cgi-bin/material/add_material",
        ))
        .changes()
        .field(choice("type", ("类型", "Kind"), &["image", "voice", "thumb"]))
        .field(media()),
        permanent(upload(
            "material_add_video",
            "media",
            ("新增永久视频", "Add a permanent video"),
            ("视频须带标题与简介。", "A video needs a title and an introduction."),
            "/cgi-bin/material/add_material",
        ))
        .changes()
        .field(choice("type", ("类型", "Kind"), &["video"]))
        .field(media())
        .field(
            part("description", ("标题与简介", "Title and introduction"), r#"{"title":"标题","introduction":"简介"}"#).required(),
        ),
        permanent(post(
            "material_delete",
            "media",
            ("删除永久素材", "Delete permanent material"),
            ("不可恢复；使用它的菜单与回复会失效。", "For good; menus and replies with it stop working."),
            "/cgi-bin/material/del_material",
            json!({ "media_id": "" }),
        ))
        .changes()
        .field(text("/media_id", ("素材 media_id", "media_id of the material")).required()),
    ]
}
