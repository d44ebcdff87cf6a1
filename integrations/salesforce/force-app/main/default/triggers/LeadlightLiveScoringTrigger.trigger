/**
 * Asks for a new score when a Lead's status has changed. Leadlight's own writes do not touch the status, so they ask for
 * nothing. Use either this trigger or the flow HG_Score_Lead_On_Status_Change, not both.
 */
trigger LeadlightLiveScoringTrigger on Lead (after update) {
    List<String> emails = new List<String>();
    for (Lead changed : Trigger.new) {
        if (changed.Status != Trigger.oldMap.get(changed.Id).Status) emails.add(changed.Email);
    }
    if (!emails.isEmpty()) LeadlightLiveScoring.scoreLater(emails);
}
