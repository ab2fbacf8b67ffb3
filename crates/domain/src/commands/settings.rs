//! The command about the settings.

use crate::{
    account::Account,
    commands::member::assignable,
    context::Context,
    names::StreamName,
    rejection::{Reason, Rejection},
    settings::Changes,
    unit::{Command, Stop, Unit},
};

/// Changes settings: an event for each that gets another value. Admins only.
#[derive(Debug, Clone)]
pub struct UpdateSettings {
    pub changes: Changes,
}

impl Command for UpdateSettings {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        context.require_admin(unit)?;
        let settings = unit.settings()?;
        context.check_revision(StreamName::settings().as_str(), settings.revision)?;
        if let Some(member) = &self.changes.default_assignee {
            assignable(unit, "settings.default_assignee", member)?;
        }
        if let Some(Some(account)) = &self.changes.call_default_account
            && *unit.account(account)? == Account::Absent
        {
            return Err(Rejection::Precondition {
                reason: Reason::UnknownAccount,
                subject: account.to_string(),
                description: format!("settings.call_default_account: {account} does not exist"),
            }
            .into());
        }
        for event in settings.change(&self.changes, &context.by(), context.now)? {
            unit.append_settings(event)?;
        }
        Ok(StreamName::settings())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::Status,
        commands::memory::Memory,
        limits,
        settings::{AccountRole, NumberFormat, OwnershipPolicy, Settings, TimeZone},
        text::{Line, SlaHours},
        version::Revision,
    };

    fn role(id: &str, display_name: &str) -> AccountRole {
        AccountRole {
            role: id.parse().unwrap(),
            display_name: Line::new(display_name).unwrap(),
        }
    }

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|text| Line::new(text).unwrap()).collect()
    }

    fn violation(memory: &mut Memory, changes: Changes) -> String {
        match memory.reject("members/admin", &UpdateSettings { changes }) {
            Rejection::Invalid(violations) => violations[0].field.clone(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_first_settings_are_those_of_the_design() {
        let settings = Settings::default();
        assert_eq!(settings.default_account_status, Status::Active);
        assert_eq!(settings.default_assignee.as_str(), "members/admin");
        let roles = settings.account_roles.all().iter();
        let roles: Vec<_> = roles.map(|choice| choice.value.role.as_str()).collect();
        assert_eq!(roles, ["success-manager", "sales-manager"]);
        assert_eq!(settings.task_categories.all().len(), 19);
        assert_eq!(settings.task_types.all().len(), 4);
        assert_eq!(settings.task_number_format.as_str(), "{SUBJECT}-TASK-{n}");
        assert_eq!(settings.default_sla_hours.hours(), 72);
        assert_eq!(settings.ownership_policy, OwnershipPolicy::None);
        assert_eq!(settings.digest_minutes.minutes(), 15);
        assert_eq!(settings.time_zone.to_string(), "UTC");
        assert_eq!(settings.call_default_account, None);
        assert_eq!(settings.document_max_bytes.bytes(), 100 * 1024 * 1024);
    }

    #[test]
    fn a_format_of_numbers_gives_none_that_an_earlier_one_gave() {
        let mut memory = Memory::with_team();
        let format = |format: &str| Changes {
            task_number_format: Some(NumberFormat::new(format).unwrap()),
            ..Changes::default()
        };
        let field = "settings.task_number_format";
        let changed = ["{SUBJECT}/{n}", "{subject}/{n:05}", "{SUBJECT}-TASK-{n}"];
        for next in changed {
            assert_eq!(violation(&mut memory, format("{SUBJECT}-{n}")), field);
            memory.change_settings(format(next));
        }
        // `{SUBJECT}/{n}` is no longer in use, and its numbers still are.
        assert_eq!(violation(&mut memory, format("{SUBJECT}/1-{n}")), field);
        assert_eq!(memory.settings().earlier_number_formats.len(), 3);
    }

    #[test]
    fn there_is_a_bound_on_formats_of_numbers_and_a_way_back() {
        let mut memory = Memory::with_team();
        let format = |marks: usize| Changes {
            task_number_format: Some(
                NumberFormat::new(&format!("{{SUBJECT}}{}{{n}}", "/".repeat(marks))).unwrap(),
            ),
            ..Changes::default()
        };
        for marks in 1..limits::NUMBER_FORMATS {
            memory.change_settings(format(marks));
        }

        let other = Changes {
            task_number_format: Some(NumberFormat::new("{SUBJECT}#{n}").unwrap()),
            ..Changes::default()
        };
        let field = "settings.task_number_format";
        assert_eq!(violation(&mut memory, other), field);
        memory.change_settings(format(1));
    }

    #[test]
    fn only_admins_change_settings() {
        let mut memory = Memory::with_team();
        let command = UpdateSettings {
            changes: Changes::default(),
        };
        for actor in ["members/ana", "service-accounts/crm"] {
            assert!(matches!(
                memory.reject(actor, &command),
                Rejection::NotAllowed { .. }
            ));
        }
        memory.accept("members/admin", &command);
    }

    #[test]
    fn there_is_an_event_for_each_setting_that_changes_and_none_for_the_others() {
        let mut memory = Memory::with_team();
        let changes = Changes {
            default_sla_hours: Some(SlaHours::new(24).unwrap()),
            time_zone: Some(TimeZone::new("Europe/Berlin").unwrap()),
            ownership_policy: Some(OwnershipPolicy::None),
            ..Changes::default()
        };
        let events = memory.log.len();
        memory.change_settings(changes.clone());
        let names: Vec<_> = memory.log[events..]
            .iter()
            .map(|new| new.event.name())
            .collect();
        assert_eq!(
            names,
            [
                "settings.default_sla_hours_changed",
                "settings.time_zone_changed"
            ]
        );
        let events = memory.log.len();
        memory.change_settings(changes);
        assert_eq!(memory.log.len(), events);
    }

    #[test]
    fn what_leaves_a_list_is_retired_and_can_come_back() {
        let mut memory = Memory::with_team();
        memory.change_settings(Changes {
            task_categories: Some(lines(&["Video", "Photo Shoot"])),
            ..Changes::default()
        });
        let settings = memory.settings();
        assert!(
            settings
                .task_categories
                .offers(|c| c.as_str() == "Photo Shoot")
        );
        let email = settings.task_categories.find(|c| c.as_str() == "Email");
        assert!(email.unwrap().retired);
        memory.change_settings(Changes {
            task_categories: Some(lines(&["Email"])),
            ..Changes::default()
        });
        let settings = memory.settings();
        assert!(settings.task_categories.offers(|c| c.as_str() == "Email"));
        assert_eq!(settings.task_categories.all().len(), 20);
    }

    #[test]
    fn roles_are_added_renamed_and_retired() {
        let mut memory = Memory::with_team();
        let events = memory.log.len();
        memory.change_settings(Changes {
            account_roles: Some(vec![
                role("success-manager", "Customer success"),
                role("onboarding-lead", "Onboarding"),
            ]),
            ..Changes::default()
        });
        let names: Vec<_> = memory.log[events..]
            .iter()
            .map(|new| new.event.name())
            .collect();
        assert_eq!(
            names,
            [
                "settings.account_role_renamed",
                "settings.account_role_added",
                "settings.account_role_retired"
            ]
        );
        memory.change_settings(Changes {
            account_roles: Some(vec![role("sales-manager", "Sales")]),
            ..Changes::default()
        });
        let settings = memory.settings();
        let sales = settings
            .account_role(&"sales-manager".parse().unwrap())
            .unwrap();
        assert!(!sales.retired);
        assert_eq!(sales.value.display_name.as_str(), "Sales");
        assert_eq!(settings.account_roles.all().len(), 3);
    }

    #[test]
    fn lists_have_nothing_twice_and_an_end_and_assignee_is_no_role_to_define() {
        let mut memory = Memory::with_team();
        let field = violation(
            &mut memory,
            Changes {
                task_categories: Some(lines(&["Video", "Video"])),
                ..Changes::default()
            },
        );
        assert_eq!(field, "settings.task_categories");
        let field = violation(
            &mut memory,
            Changes {
                account_roles: Some(vec![role("assignee", "Assignee")]),
                ..Changes::default()
            },
        );
        assert_eq!(field, "settings.account_roles");
        let many = (0..limits::TASK_TYPES).map(|n| format!("t{n}").parse().unwrap());
        let field = violation(
            &mut memory,
            Changes {
                task_types: Some(many.collect()),
                ..Changes::default()
            },
        );
        assert_eq!(field, "settings.task_types");
    }

    #[test]
    fn a_new_account_is_not_deactivated_at_first() {
        let mut memory = Memory::with_team();
        let field = violation(
            &mut memory,
            Changes {
                default_account_status: Some(Status::Deactivated),
                ..Changes::default()
            },
        );
        assert_eq!(field, "settings.default_account_status");
    }

    #[test]
    fn the_default_assignee_takes_work_and_the_account_for_calls_exists() {
        let mut memory = Memory::with_team();
        memory.disable("ben");
        for (changes, expected) in [
            (
                Changes {
                    default_assignee: Some("members/nobody".parse().unwrap()),
                    ..Changes::default()
                },
                Reason::UnknownMember,
            ),
            (
                Changes {
                    default_assignee: Some("members/ben".parse().unwrap()),
                    ..Changes::default()
                },
                Reason::MemberDisabled,
            ),
            (
                Changes {
                    call_default_account: Some(Some("accounts/nowhere".parse().unwrap())),
                    ..Changes::default()
                },
                Reason::UnknownAccount,
            ),
        ] {
            let Rejection::Precondition { reason, .. } =
                memory.reject("members/admin", &UpdateSettings { changes })
            else {
                panic!("not refused by a rule")
            };
            assert_eq!(reason, expected);
        }
    }

    #[test]
    fn the_policys_version_is_that_of_the_settings_when_it_changed() {
        let mut memory = Memory::with_team();
        memory.change_settings(Changes {
            default_sla_hours: Some(SlaHours::new(24).unwrap()),
            ownership_policy: Some(OwnershipPolicy::AllOpen),
            ..Changes::default()
        });
        assert_eq!(memory.settings().ownership_policy_version, Revision(2));
        memory.change_settings(Changes {
            default_sla_hours: Some(SlaHours::new(48).unwrap()),
            ..Changes::default()
        });
        let settings = memory.settings();
        assert_eq!(settings.ownership_policy_version, Revision(2));
        assert_eq!(settings.revision, Revision(3));
    }

    #[test]
    fn a_stale_etag_does_not_change_settings() {
        let mut memory = Memory::with_team();
        let context = Context {
            expected: Some(Revision(1)),
            ..memory.context("members/admin")
        };
        let changes = Changes {
            default_sla_hours: Some(SlaHours::new(24).unwrap()),
            ..Changes::default()
        };
        let stale = memory.decide(&context, &UpdateSettings { changes });
        assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
    }
}
