window.YTD.tweets.part1 = [
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1600000000000000001"
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
        "36"
      ],
      "favorite_count": "2",
      "id_str": "1600000000000000001",
      "truncated": false,
      "retweet_count": "0",
      "id": "1600000000000000001",
      "created_at": "Fri Dec 02 09:00:00 +0000 2022",
      "favorited": false,
      "full_text": "The park office is closed on Friday.",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "id_str": "1600000000000000002",
      "created_at": "Fri Dec 02 10:00:00 +0000 2022"
    }
  }
]
