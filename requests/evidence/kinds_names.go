package evidence

// Kind is "request.filed".
func (RequestFiled) Kind() string { return "request.filed" }

// Kind is "request.joined".
func (RequestJoined) Kind() string { return "request.joined" }

// Kind is "request.refused".
func (RequestRefused) Kind() string { return "request.refused" }

// Kind is "request.withdrawn".
func (RequestWithdrawn) Kind() string { return "request.withdrawn" }

// Kind is "request.expired".
func (RequestExpired) Kind() string { return "request.expired" }

// Kind is "request.completed".
func (RequestCompleted) Kind() string { return "request.completed" }

// Kind is "request.closed".
func (RequestClosed) Kind() string { return "request.closed" }

// Kind is "status.changed".
func (StatusChanged) Kind() string { return "status.changed" }

// Kind is "identity.verified".
func (IdentityVerified) Kind() string { return "identity.verified" }

// Kind is "identity.failed".
func (IdentityFailed) Kind() string { return "identity.failed" }

// Kind is "identity.compared".
func (IdentityCompared) Kind() string { return "identity.compared" }

// Kind is "plan.made".
func (PlanMade) Kind() string { return "plan.made" }

// Kind is "plan.changed".
func (PlanChanged) Kind() string { return "plan.changed" }

// Kind is "plan.approved".
func (PlanApproved) Kind() string { return "plan.approved" }

// Kind is "drift.found".
func (DriftFound) Kind() string { return "drift.found" }

// Kind is "task.started".
func (TaskStarted) Kind() string { return "task.started" }

// Kind is "task.finished".
func (TaskFinished) Kind() string { return "task.finished" }

// Kind is "task.failed".
func (TaskFailed) Kind() string { return "task.failed" }

// Kind is "record.read".
func (RecordRead) Kind() string { return "record.read" }

// Kind is "record.erased".
func (RecordErased) Kind() string { return "record.erased" }

// Kind is "record.masked".
func (RecordMasked) Kind() string { return "record.masked" }

// Kind is "record.kept".
func (RecordKept) Kind() string { return "record.kept" }

// Kind is "record.detached".
func (RecordDetached) Kind() string { return "record.detached" }

// Kind is "record.suppressed".
func (RecordSuppressed) Kind() string { return "record.suppressed" }

// Kind is "record.corrected".
func (RecordCorrected) Kind() string { return "record.corrected" }

// Kind is "record.resumed".
func (RecordResumed) Kind() string { return "record.resumed" }

// Kind is "outcome.verified".
func (OutcomeVerified) Kind() string { return "outcome.verified" }

// Kind is "outcome.reappeared".
func (OutcomeReappeared) Kind() string { return "outcome.reappeared" }

// Kind is "clock.paused".
func (ClockPaused) Kind() string { return "clock.paused" }

// Kind is "clock.resumed".
func (ClockResumed) Kind() string { return "clock.resumed" }

// Kind is "clock.extended".
func (ClockExtended) Kind() string { return "clock.extended" }

// Kind is "clock.changed".
func (ClockChanged) Kind() string { return "clock.changed" }

// Kind is "law.corrected".
func (LawCorrected) Kind() string { return "law.corrected" }

// Kind is "deadline.near".
func (DeadlineNear) Kind() string { return "deadline.near" }

// Kind is "deadline.missed".
func (DeadlineMissed) Kind() string { return "deadline.missed" }

// Kind is "letter.sent".
func (LetterSent) Kind() string { return "letter.sent" }

// Kind is "letter.failed".
func (LetterFailed) Kind() string { return "letter.failed" }

// Kind is "letter.edited".
func (LetterEdited) Kind() string { return "letter.edited" }

// Kind is "reply.received".
func (ReplyReceived) Kind() string { return "reply.received" }

// Kind is "reply.deleted".
func (ReplyDeleted) Kind() string { return "reply.deleted" }

// Kind is "package.built".
func (PackageBuilt) Kind() string { return "package.built" }

// Kind is "package.released".
func (PackageReleased) Kind() string { return "package.released" }

// Kind is "package.downloaded".
func (PackageDownloaded) Kind() string { return "package.downloaded" }

// Kind is "package.deleted".
func (PackageDeleted) Kind() string { return "package.deleted" }

// Kind is "evidence.downloaded".
func (EvidenceDownloaded) Kind() string { return "evidence.downloaded" }

// Kind is "personal_data.viewed".
func (PersonalDataViewed) Kind() string { return "personal_data.viewed" }

// Kind is "hold.set".
func (HoldSet) Kind() string { return "hold.set" }

// Kind is "hold.found".
func (HoldFound) Kind() string { return "hold.found" }

// Kind is "hold.lifted".
func (HoldLifted) Kind() string { return "hold.lifted" }

// Kind is "consent.changed".
func (ConsentChanged) Kind() string { return "consent.changed" }

// Kind is "key.destroyed".
func (KeyDestroyed) Kind() string { return "key.destroyed" }

// Kind is "user.changed".
func (UserChanged) Kind() string { return "user.changed" }

// Kind is "token.changed".
func (TokenChanged) Kind() string { return "token.changed" }

// Kind is "config.changed".
func (ConfigChanged) Kind() string { return "config.changed" }

// Kind is "key.rotated".
func (KeyRotated) Kind() string { return "key.rotated" }

// Kind is "system.paused".
func (SystemPaused) Kind() string { return "system.paused" }

// Kind is "system.resumed".
func (SystemResumed) Kind() string { return "system.resumed" }

// Kind is "system.restored".
func (SystemRestored) Kind() string { return "system.restored" }
