//! Menu templates, and what they make of many accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bulk::{Target, Work};
use crate::core::Core;
use crate::dto::{
    BulkJob, BulkKind, FieldError, MenuSeverity, MenuTemplate, PublishCause, TemplateDryRun, TemplateLine,
    TemplateRequest,
};
use crate::error::AppError;
use crate::menus::publish::{self, Publication};
use crate::menus::{self, check, live, templates};
use crate::store::tables::account::AccountRow;
use crate::store::tables::menu_template;

/// Lines of a dry run.
const LINES: usize = 1_000;

/// A template under way, with the values that were given for it.
#[derive(Debug)]
pub(crate) struct Applied {
    template: MenuTemplate,
    values: BTreeMap<String, BTreeMap<String, String>>,
}

/// A filled menu, and why it would not be published.
struct Prepared {
    line: TemplateLine,
    obstacle: Option<FieldError>,
}

fn obstacle(rule: &str, message: &str, message_zh: &str) -> FieldError {
    FieldError {
        field: "account".into(),
        rule: rule.into(),
        message: message.to_owned(),
        message_zh: message_zh.to_owned(),
    }
}

impl Core {
    /// All templates, by name.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_menu_templates(&self) -> Result<Vec<MenuTemplate>, AppError> {
        Ok(self.store().read(menu_template::list).await?)
    }

    async fn menu_template(&self, id: &str) -> Result<MenuTemplate, AppError> {
        let wanted = id.to_owned();
        let found = self.store().read(move |c| menu_template::get(c, &wanted)).await?;
        found.ok_or_else(|| AppError::not_found("menu template", id))
    }

    /// Adds a template (empty id), or changes one.
    ///
    /// # Errors
    /// `NotFound` for an unknown id; `InvalidInput` naming fields and rules; the store's.
    pub async fn save_menu_template(&self, mut template: MenuTemplate) -> Result<MenuTemplate, AppError> {
        let errors = templates::check(&template);
        if !errors.is_empty() {
            return Err(AppError::invalid(errors));
        }
        template.name = template.name.trim().to_owned();
        template.updated_at = self.clock().now();
        if template.id.is_empty() {
            template.id = self.random_id()?;
        } else {
            self.menu_template(&template.id).await?;
        }
        let kept = template.clone();
        self.store()
            .write(move |tx| {
                if menu_template::name_taken(tx, &kept.name, &kept.id)? {
                    let message = "there is another template of that name";
                    return Err(AppError::invalid_field("name", "unique", message, "已有同名模板").into());
                }
                menu_template::save(tx, &kept)
            })
            .await?;
        self.changes().tell(["menu_templates"]);
        Ok(template)
    }

    /// Removes a template. Menus that were made of it stay.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub async fn remove_menu_template(&self, id: &str) -> Result<(), AppError> {
        let wanted = id.to_owned();
        if !self.store().write(move |tx| menu_template::remove(tx, &wanted)).await? {
            return Err(AppError::not_found("menu template", id));
        }
        self.changes().tell(["menu_templates"]);
        Ok(())
    }

    /// What a template would do to each account. Asks WeChat nothing and keeps nothing.
    ///
    /// # Errors
    /// `NotFound` for the template or the platform; `InvalidInput` when no account is meant.
    pub async fn dry_run_menu_template(&self, request: TemplateRequest) -> Result<TemplateDryRun, AppError> {
        let (applied, targets) = self.template_targets(request).await?;
        let (mut fine, mut troubled) = (Vec::new(), Vec::new());
        let (mut ready, mut blocked) = (0, 0);
        for target in &targets {
            let Some(row) = target.account.and_then(|id| self.store().mirror().account(id)) else {
                blocked += 1;
                troubled.push(missing_account(target));
                continue;
            };
            let line = prepare(self, &applied, target, &row).await?.line;
            let warned = !line.findings.is_empty();
            if line.ok {
                ready += 1;
            } else {
                blocked += 1;
            }
            if line.ok && !warned { fine.push(line) } else { troubled.push(line) }
        }
        troubled.sort_by_key(|line| line.ok);
        troubled.append(&mut fine);
        troubled.truncate(LINES);
        Ok(TemplateDryRun { lines: troubled, ready, blocked })
    }

    /// Fills and publishes a template on each account, as a job. Accounts that could not be published have a line that
    /// says why; their menus are untouched. The values that were given are kept with the accounts.
    ///
    /// # Errors
    /// As [`Core::dry_run_menu_template`]; `Unavailable` while another such job runs.
    pub async fn start_menu_template(&self, request: TemplateRequest) -> Result<BulkJob, AppError> {
        let (applied, targets) = self.template_targets(request).await?;
        let mut kept = Vec::new();
        for target in &targets {
            let values = applied.values.get(&key(target)).filter(|values| !values.is_empty());
            if let (Some(id), Some(values)) = (target.account, values) {
                kept.push((id, values.clone()));
            }
        }
        if !kept.is_empty() {
            self.store()
                .write(move |tx| kept.iter().try_for_each(|(id, values)| menu_template::save_values(tx, *id, values)))
                .await?;
        }
        self.start_work(Work { kind: BulkKind::ApplyMenuTemplate, template: Some(Arc::new(applied)) }, targets)
    }

    async fn template_targets(&self, request: TemplateRequest) -> Result<(Applied, Vec<Target>), AppError> {
        let template = self.menu_template(&request.template_id).await?;
        let mut accounts = request.accounts;
        accounts.kind = BulkKind::ApplyMenuTemplate;
        // Left out by mistake, it would mean every account of every platform.
        if accounts.accounts.is_none() && accounts.query.is_none() {
            let words = "accounts or a filter must be named";
            return Err(AppError::invalid_field("accounts", "missing", words, "须指明账号或筛选条件"));
        }
        let targets = self.select(&accounts)?;
        if targets.is_empty() {
            return Err(AppError::invalid_field("accounts", "empty", "no account is meant", "没有选中任何账号"));
        }
        Ok((Applied { template, values: request.values }, targets))
    }
}

fn key(target: &Target) -> String {
    format!("{}/{}", target.component_appid, target.appid)
}

fn missing_account(target: &Target) -> TemplateLine {
    TemplateLine {
        component_appid: target.component_appid.clone(),
        appid: target.appid.clone(),
        nick_name: String::new(),
        ok: false,
        obstacle: Some(obstacle("unknown", "there is no such account", "没有这个账号")),
        missing: Vec::new(),
        values: BTreeMap::new(),
        findings: Vec::new(),
        changes: None,
        set: crate::dto::MenuSet::default(),
    }
}

async fn prepare(core: &Core, applied: &Applied, target: &Target, row: &AccountRow) -> Result<Prepared, AppError> {
    let id = row.id;
    let kept = core.store().read(move |c| menu_template::values(c, id)).await?;
    let built_in = [row.nick_name.as_str(), row.appid.as_str(), row.tenant.as_deref().unwrap_or("")];
    let variables = &applied.template.variables;
    let values = templates::values(variables, built_in, &kept, applied.values.get(&key(target)));
    let filled = templates::fill(&applied.template.set, &values);
    let abilities = menus::abilities(row);
    let obstacle = if row.removed_at.is_some() {
        Some(obstacle("removed", "the account is removed", "账号已移除"))
    } else if !row.authorized {
        Some(obstacle("unauthorized", "the owner cancelled the authorization", "授权已取消"))
    } else if menus::has_menu(row).is_err() {
        Some(obstacle("mini_program", "mini programs have no menu", "小程序没有自定义菜单"))
    } else if !abilities.publish {
        Some(obstacle("not_granted", "permission set 15 is not granted", "未授予权限集 15（自定义菜单）"))
    } else {
        None
    };
    let findings = check::check(&filled.set, &abilities).findings;
    let wrong = findings.iter().any(|finding| finding.severity == MenuSeverity::Error);
    let changes = live::last(core, row).await?.map(|last| menus::differences(&last.set, &filled.set).len());
    let custom: BTreeMap<String, String> =
        values.into_iter().filter(|(name, _)| variables.iter().any(|v| v.name == *name)).collect();
    Ok(Prepared {
        line: TemplateLine {
            component_appid: target.component_appid.clone(),
            appid: row.appid.clone(),
            nick_name: row.nick_name.clone(),
            ok: obstacle.is_none() && filled.missing.is_empty() && !wrong,
            obstacle: obstacle.clone(),
            missing: filled.missing,
            values: custom,
            findings,
            changes: changes.and_then(|n| i64::try_from(n).ok()),
            set: filled.set,
        },
        obstacle,
    })
}

/// One account of a job.
///
/// # Errors
/// Why it was not published.
pub(crate) async fn apply(
    core: &Core,
    applied: &Applied,
    target: &Target,
    row: &Arc<AccountRow>,
    job: &str,
) -> Result<(), AppError> {
    let Prepared { line, obstacle } = prepare(core, applied, target, row).await?;
    if let Some(obstacle) = obstacle {
        return Err(AppError::invalid(vec![obstacle]));
    }
    if !line.missing.is_empty() {
        let names = line.missing.join(", ");
        return Err(AppError::invalid_field(
            "values",
            "required",
            &format!("no value for {names}"),
            &format!("变量没有值：{names}"),
        ));
    }
    let publication = Publication {
        set: line.set,
        cause: PublishCause::Template,
        from: Some(applied.template.name.clone()),
        who: format!("bulk:{job}"),
    };
    let version = publish::publish(core, row, publication).await?;
    super::menus::published(version).map(|_| ())
}
