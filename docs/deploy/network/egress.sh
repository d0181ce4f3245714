#!/bin/sh
# Fills the sets of notifyctl.nft with the addresses that the providers' names lead to now. Run it every 5 minutes: an address
# stays for an hour after it was seen last, so connections that are kept do not break when a name moves on.
set -eu

names="
api.resend.com
api.postmarkapp.com
email.${AWS_REGION:-eu-west-2}.amazonaws.com
${EGRESS_MORE:-}
"
# EGRESS_MORE: events.pagerduty.com, the host of your webhook, of your heartbeat, of SENTRY_DSN, of PRIVACY_POLICY_URL.

for name in $names; do
  getent ahosts "$name" | awk '{ print $1 }' | sort -u | while read -r address; do
    case $address in
      *:*) set=providers6 ;;
      *) set=providers4 ;;
    esac
    # `add` alone would leave the old end of an address that is there already.
    nft "add element inet notifyctl $set { $address timeout 1h }; delete element inet notifyctl $set { $address }; add element inet notifyctl $set { $address timeout 1h }"
  done
done
