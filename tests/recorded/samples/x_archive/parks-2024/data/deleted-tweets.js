window.YTD.deleted_tweets.part0 = [
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1700000000000000140"
          ],
          "editableUntil": "2024-03-05T15:02:11.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "23"
      ],
      "favorite_count": "2",
      "id_str": "1700000000000000140",
      "truncated": false,
      "retweet_count": "0",
      "id": "1700000000000000140",
      "created_at": "Fri May 03 12:00:00 +0000 2024",
      "favorited": false,
      "full_text": "The pool opens tomorow.",
      "lang": "en",
      "deleted_at": "Fri May 03 12:05:00 +0000 2024"
    }
  }
]
